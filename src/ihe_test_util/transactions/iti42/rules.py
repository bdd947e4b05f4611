"""What the framework demands of a Register Document Set-b request (ITI TF-2: 3.42.4.1.2)."""

from collections.abc import Callable, Sequence
from typing import Final

from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss, Rule
from ihe_test_util.transactions.iti42.model import RegisterRequest
from ihe_test_util.transactions.xds import usual
from ihe_test_util.transactions.xds.base import METADATA_ERROR, NONE, Actor
from ihe_test_util.transactions.xds.rules import rules_for

_METADATA_ERROR: Final = METADATA_ERROR.format(actor=Actor.REGISTRY.value)
#: What a repository adds.
_REQUIRED: Final = frozenset({"hash", "size", "repositoryUniqueId"})


def _objects(request: RegisterRequest) -> Sequence[Miss]:
    if request.metadata.request.objects:
        return NONE
    return (Miss("/SubmitObjectsRequest/RegistryObjectList", want="the objects of a submission"),)


def _has(name: str, want: str) -> Callable[[RegisterRequest], Sequence[Miss]]:
    def check(request: RegisterRequest) -> Sequence[Miss]:
        return [
            Miss(f"{entry.label}/{name}", want=want)
            for entry in request.metadata.document_entries
            if not entry.slot(name)
        ]

    return check


def _rule(
    number: str, section: str, sentence: str, check: Callable[[RegisterRequest], Sequence[Miss]]
) -> Rule[RegisterRequest]:
    return Rule(f"RDS-{number}", section, Severity.ERROR, sentence, check, error_code=_METADATA_ERROR)


RULES: Final[tuple[Rule[RegisterRequest], ...]] = (
    Rule(
        "RDS-01",
        "ITI TF-2: 3.42.4.1.2",
        Severity.ERROR,
        "the request carries metadata",
        _objects,
        essential=True,
        error_code=_METADATA_ERROR,
    ),
    _rule("02", "ITI TF-3: 4.2.3.2.10", "an entry has the hash of its document", _has("hash", "a SHA-1")),
    _rule("03", "ITI TF-3: 4.2.3.2.21", "an entry has the size of its document", _has("size", "a number of bytes")),
    _rule(
        "04",
        "ITI TF-3: 4.2.3.2.18",
        "an entry names the repository of its document",
        _has("repositoryUniqueId", "an OID"),
    ),
    *rules_for(RegisterRequest, Actor.REGISTRY),
)


def is_usual(request: RegisterRequest) -> bool:
    """Whether a request is as nearly all are, so that no rule has anything to say of it."""
    return usual.is_usual(request.metadata) and all(
        entry.slots.keys() >= _REQUIRED for entry in request.metadata.document_entries
    )
