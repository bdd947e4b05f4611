"""An IHE domain from a test: register, provide, find and retrieve in a line each, with asyncio or without.

::

    async with IheClient("http://localhost:8080") as ihe:
        patient_id = await ihe.register("id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada, birth=1980-02-29")
        provided = await ihe.provide(Path("summary.xml"), patient_id=patient_id)
        (entry,) = await ihe.find_documents(patient_id)
        (document,) = await ihe.retrieve(entry)
        await ihe.update(entry, title="Discharge summary")

``SyncIheClient`` has the same methods without ``await``. All errors are IheTestUtilErrors: Refused where the domain
says no, PeerFault where it answers with a SOAP fault, Unreachable where it does not answer, BadInput for wrong
arguments.
"""

from ihe_test_util.api.client import IheClient, Provided, Updated
from ihe_test_util.api.sync import SyncIheClient
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.xds.metadata import Author, Code, DocumentEntry, Folder, SubmissionSet
from ihe_test_util.errors import BadInput, IheTestUtilError, PeerFault, PeerMalformed, Refused, Unreachable
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.iti18 import StoredQueryResponse
from ihe_test_util.transactions.iti41 import DocumentDraft
from ihe_test_util.transactions.iti43 import RetrievedDocument

__all__ = [
    "Author",
    "BadInput",
    "ClientConfig",
    "Code",
    "DocumentDraft",
    "DocumentEntry",
    "Folder",
    "IheClient",
    "IheTestUtilError",
    "Patient",
    "PeerFault",
    "PeerMalformed",
    "Provided",
    "Refused",
    "RetrievedDocument",
    "SoapVersion",
    "StoredQueryResponse",
    "SubmissionSet",
    "SyncIheClient",
    "Unreachable",
    "Updated",
]
