"""The rules on requests to update metadata: those of both transactions, by the codes of each."""

from collections.abc import Callable, Sequence
from typing import Final

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.update import operations
from ihe_test_util.transactions.update.model import UpdateRequest
from ihe_test_util.transactions.xds.base import METADATA_ERROR, Actor
from ihe_test_util.transactions.xds.rules import rules_for

_METADATA_ERROR: Final = METADATA_ERROR.format(actor=Actor.REGISTRY.value)
_UPDATE_ERROR: Final = "XDSMetadataUpdateError"
_OPERATION_ERROR: Final = "XDSMetadataUpdateOperationError"
_ANNOTATION_ERROR: Final = "XDSMetadataAnnotationError"
_INVALID_REQUEST: Final = "XDSInvalidRequestException"
_OBJECT_TYPE_ERROR: Final = "XDSObjectTypeError"

Check = Callable[[UpdateRequest], Sequence[Miss]]


def _rule(
    rule_id: str, section: str, sentence: str, check: Check, code: str, *, essential: bool = True
) -> Rule[UpdateRequest]:
    return Rule(rule_id, section, Severity.ERROR, sentence, check, essential, code)


def _attributes(prefix: str) -> tuple[Rule[UpdateRequest], ...]:
    """What an entry of a registry has, that one on its way to a repository need not have."""
    rows = (
        ("21", "4.2.3.2.30", "an entry is of a stable or an on-demand document", operations.object_types),
        ("22", "4.2.3.2.10", "an entry has the hash of its document", operations.has_slot("hash", "a SHA-1")),
        ("23", "4.2.3.2.21", "an entry has the size of its document", operations.has_slot("size", "a number of bytes")),
        (
            "24",
            "4.2.3.2.18",
            "an entry names the repository of its document",
            operations.has_slot("repositoryUniqueId", "an OID"),
        ),
    )
    return tuple(
        _rule(f"{prefix}-{number}", f"ITI TF-3: {section}", sentence, check, _METADATA_ERROR, essential=False)
        for number, section, sentence, check in rows
    )


_COMMON: Final = "ITI TF-2: 3.57.4.1.3.1"
_VERSION: Final = "ITI TF-2: 3.57.4.1.3.3.1.2"
_STATUS: Final = "ITI TF-2: 3.57.4.1.3.3.2.2"
_SUBMIT: Final = "ITI TF-2: 3.57.4.1.3.3.6"
_ONE_VERSION: Final = "an object is updated once in a request"
_UNVERSIONED: Final = "submission sets and associations have no later versions"
_LOGICAL_ID: Final = "what is updated is a later version, with the logicalID of the object"
_PREVIOUS: Final = "HasMember from the submission set says which version is updated"
_ANNOTATED: Final = "PreviousVersion is a number, AssociationPropagation yes or no, and nothing else is said"

UPDATE_RULES: Final[tuple[Rule[UpdateRequest], ...]] = (
    _rule(
        "MU-01", "ITI TF-2: 3.57.4.1.2", "the request carries metadata", operations.metadata_present, _METADATA_ERROR
    ),
    _rule("MU-02", _COMMON, "the request asks for an operation", operations.some_operation, _OPERATION_ERROR),
    _rule("MU-03", _COMMON, _LOGICAL_ID, operations.logical_ids, _UPDATE_ERROR),
    _rule("MU-04", _COMMON, _ONE_VERSION, operations.each_once, _UPDATE_ERROR),
    _rule("MU-05", _VERSION, _PREVIOUS, operations.previous_versions, _UPDATE_ERROR),
    _rule("MU-06", _VERSION, _ANNOTATED, operations.annotations, _OPERATION_ERROR),
    _rule(
        "MU-07",
        _COMMON,
        "the members of the submission set are what it updates",
        operations.members_updated,
        _OPERATION_ERROR,
    ),
    _rule(
        "MU-08",
        _STATUS,
        "a change of status says OriginalStatus and NewStatus, and nothing else",
        operations.status_slots,
        _OPERATION_ERROR,
    ),
    _rule("MU-09", _STATUS, "a status is changed once in a request", operations.statuses_once, _OPERATION_ERROR),
    _rule(
        "MU-10",
        _COMMON,
        "UpdateAvailabilityStatus and SubmitAssociation lead from the submission set",
        operations.from_submission_set,
        _UPDATE_ERROR,
    ),
    _rule(
        "MU-11",
        _SUBMIT,
        "SubmitAssociation leads to an association of the request, and to each one",
        operations.submitted_by_operation,
        _UPDATE_ERROR,
    ),
    _rule("MU-12", _COMMON, _UNVERSIONED, operations.unversioned, _UPDATE_ERROR),
    *_attributes("MU"),
    *rules_for(UpdateRequest, Actor.REGISTRY, updating=True),
)

_REQUEST: Final = "ITI TF-2: 3.92.4.1.2"
_ANNOTATION: Final = "ITI TF-2: 3.92.4.1.2.2"

RESTRICTED_UPDATE_RULES: Final[tuple[Rule[UpdateRequest], ...]] = (
    _rule("RMU-01", _REQUEST, "the request carries metadata", operations.metadata_present, _METADATA_ERROR),
    _rule("RMU-02", _REQUEST, "the request updates something", operations.some_operation, _INVALID_REQUEST),
    _rule("RMU-03", _REQUEST, _LOGICAL_ID, operations.logical_ids, _INVALID_REQUEST),
    _rule("RMU-04", _REQUEST, _ONE_VERSION, operations.each_once, _INVALID_REQUEST),
    _rule("RMU-05", _ANNOTATION, _PREVIOUS, operations.previous_versions, _ANNOTATION_ERROR),
    _rule("RMU-06", _ANNOTATION, _ANNOTATED, operations.annotations, _ANNOTATION_ERROR),
    _rule(
        "RMU-07",
        _REQUEST,
        "the members of the submission set are what it updates",
        operations.members_updated,
        _INVALID_REQUEST,
    ),
    _rule("RMU-08", _REQUEST, "only document entries are updated", operations.only_entries, _OBJECT_TYPE_ERROR),
    _rule("RMU-09", _REQUEST, "there is no other operation", operations.only_versions, _INVALID_REQUEST),
    _rule("RMU-10", _REQUEST, _UNVERSIONED, operations.unversioned, _INVALID_REQUEST),
    *_attributes("RMU"),
    *rules_for(UpdateRequest, Actor.REGISTRY, updating=True),
)
