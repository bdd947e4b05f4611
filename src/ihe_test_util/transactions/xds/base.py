"""The form of a rule on metadata, and the error codes it may give (ITI TF-3: 4.2.4.1, Table 4.2.4.1-2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss

# Where both actors have a code of their own, {actor} stands for the one that found the error.
METADATA_ERROR: Final = "XDS{actor}MetadataError"
DUPLICATE_UNIQUE_ID: Final = "XDS{actor}DuplicateUniqueIdInMessage"
PATIENT_ID_DOES_NOT_MATCH: Final = "XDSPatientIdDoesNotMatch"
UNRESOLVED_REFERENCE: Final = "UnresolvedReferenceException"
MISSING_DOCUMENT: Final = "XDSMissingDocument"
MISSING_DOCUMENT_METADATA: Final = "XDSMissingDocumentMetadata"

NONE: Final[tuple[Miss, ...]] = ()
_SHOWN: Final = 200


class Actor(StrEnum):
    """Who finds an error, as the error codes name it."""

    REGISTRY = "Registry"
    REPOSITORY = "Repository"


class CarriesMetadata(Protocol):
    """Any request with the metadata of a submission."""

    @property
    def metadata(self) -> Metadata:
        """The metadata."""


Check = Callable[[CarriesMetadata], Sequence[Miss]]


@dataclass(frozen=True, slots=True)
class MetadataRule:
    """One demand of ITI TF-3 on metadata, whichever transaction carries them.

    ``essential`` ones refuse in lenient mode too: what breaks them contradicts itself, and no registry can hold it.
    """

    id: str
    section: str
    sentence: str
    check: Check
    error_code: str = METADATA_ERROR
    severity: Severity = Severity.ERROR
    essential: bool = False


def shown(text: str) -> str:
    """A value for a finding: quoted, and cut where it is very long."""
    if len(text) > _SHOWN:
        return f"{text[:_SHOWN]!r}… ({len(text):,} characters)"
    return repr(text) if text else "an empty value"
