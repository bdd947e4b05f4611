"""What the state of the registry demands of a submission, and the refusal that tells all breaches at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ihe_test_util.errors import PeerError
from ihe_test_util.exchange import Finding, Severity

_METADATA_ERROR: Final = "XDSRegistryMetadataError"
_REGISTERING: Final = "ITI TF-2: 3.42.4.1.3"


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand on a submission that depends on what the registry holds or allows.

    ``code`` is the error code of a breach (ITI TF-3: 4.2.4.1, Table 4.2.4.1-2). A breach of one that is not
    ``essential`` is a warning in lenient mode; the others refuse in both modes.
    """

    id: str
    section: str
    sentence: str
    code: str
    essential: bool = True

    def breach(self, path: str, got: str, want: str, *, strict: bool = True) -> Finding:
        """A breach on record: the object and its attribute, what stands there, what should."""
        severity = Severity.ERROR if strict or self.essential else Severity.WARNING
        return Finding(self.id, self.section, severity, self.sentence, path, got, want, code=self.code)


NEW_ID: Final = Demand(
    "XDSR-01", "ITI TF-3: 4.2.3.1.5", "the entryUUID of a new object is new to the registry", _METADATA_ERROR
)
KNOWN_PATIENT: Final = Demand(
    "XDSR-02", _REGISTERING, "the patient is known to the registry", "XDSUnknownPatientId", essential=False
)
SAME_HASH: Final = Demand(
    "XDSR-03", _REGISTERING, "a document that is registered again has the same hash", "XDSNonIdenticalHash"
)
SAME_SIZE: Final = Demand(
    "XDSR-04", _REGISTERING, "a document that is registered again has the same size", "XDSNonIdenticalSize"
)
NEW_UNIQUE_ID: Final = Demand(
    "XDSR-05",
    _REGISTERING,
    "the uniqueId of a submission set or folder is new to the registry, that of a document names nothing else there",
    "XDSDuplicateUniqueIdInRegistry",
)
RESOLVED: Final = Demand(
    "XDSR-06", "ITI TF-3: 4.2.2", "what an association refers to is in the registry", "UnresolvedReferenceException"
)
DOCUMENT_IN_FORCE: Final = Demand(
    "XDSR-07",
    "ITI TF-3: 4.2.2",
    "a document entry of the registry that an association refers to is Approved",
    "XDSRegistryDeprecatedDocumentError",
)
FOLDER_IN_FORCE: Final = Demand(
    "XDSR-08", _REGISTERING, "a folder of the registry that gets a member is Approved", "XDSRegistryError"
)
SAME_PATIENT: Final = Demand(
    "XDSR-09",
    _REGISTERING,
    "an association leads to an object of the same patient, unless by reference from a submission set",
    "XDSPatientIdDoesNotMatch",
)
RIGHT_KIND: Final = Demand(
    "XDSR-10",
    "ITI TF-3: 4.2.2",
    "an association leads from and to such objects of the registry as its type is for",
    _METADATA_ERROR,
)

KNOWN_CODE: Final = Demand(
    "XDSR-11",
    "ITI TF-3: 4.2.3.1.2",
    "a code is one of the affinity domain's value set",
    _METADATA_ERROR,
    essential=False,
)
KNOWN_MIME_TYPE: Final = Demand(
    "XDSR-12",
    "ITI TF-3: 4.2.3.2.15",
    "a document is of a media type that the affinity domain takes",
    _METADATA_ERROR,
    essential=False,
)

DEMANDS: Final = (
    NEW_ID,
    KNOWN_PATIENT,
    SAME_HASH,
    SAME_SIZE,
    NEW_UNIQUE_ID,
    RESOLVED,
    DOCUMENT_IN_FORCE,
    FOLDER_IN_FORCE,
    SAME_PATIENT,
    RIGHT_KIND,
    KNOWN_CODE,
    KNOWN_MIME_TYPE,
)


class Refused(PeerError):
    """The registry does not take a submission, and was not changed; ``findings`` are all errors and warnings."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        told = ", ".join(dict.fromkeys(f"{each.code} at {each.path}" for each in self.findings))
        super().__init__("the registry refuses the submission", got=told)


def refuse_errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, where they are warnings.

    Raises:
        Refused: one is an error.
    """
    listed = list(findings)
    if any(each.severity is Severity.ERROR for each in listed):
        raise Refused(listed)
    return listed
