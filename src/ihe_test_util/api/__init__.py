"""An IHE domain from a test: register, provide, find and retrieve in a line each, with asyncio or without.

::

    async with IheClient("http://localhost:8080") as ihe:
        patient_id = await ihe.register("id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada, birth=1980-02-29")
        provided = await ihe.provide(Path("summary.xml"), patient_id=patient_id)
        (entry,) = await ihe.find_documents(patient_id)
        (document,) = await ihe.retrieve(entry)

``SyncIheClient`` has the same methods without ``await``.
"""

from ihe_test_util.api.client import IheClient, Provided
from ihe_test_util.api.sync import SyncIheClient

__all__ = ["IheClient", "Provided", "SyncIheClient"]
