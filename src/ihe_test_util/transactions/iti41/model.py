"""What a Provide and Register Document Set-b request says (ITI TF-2: 3.41.4.1.2)."""

from dataclasses import dataclass, field
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.xml import ns

REQUEST_ROOT: Final = f"{{{ns.XDSB}}}ProvideAndRegisterDocumentSetRequest"
DOCUMENT: Final = f"{{{ns.XDSB}}}Document"
NO_MEDIA_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ProvidedDocument:
    """A document of the submission; ``entry_id`` is the id of the DocumentEntry that describes it."""

    entry_id: str
    content: Content


@dataclass(frozen=True, slots=True)
class ProvideAndRegisterRequest:
    """A submission: metadata, empty where the message had none, and the documents in their order."""

    metadata: Metadata = field(default_factory=Metadata)
    documents: tuple[ProvidedDocument, ...] = ()
