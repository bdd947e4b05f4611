"""How a document registry answers a stored query (ITI TF-2: 3.18.4.1.3), and what its answer says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti18.model import OBJECT_REF, StoredQueryRequest, StoredQueryResponse
from ihe_test_util.transactions.iti18.rules import RULES
from ihe_test_util.transactions.xds.response import RegistryError, RegistryResponse, error_of, verdict_of
from ihe_test_util.xml.ebrim import AnyObject, Association, ExtrinsicObject, ObjectRef, RegistryPackage, urns

UNKNOWN_PATIENT: Final = "XDSUnknownPatientId"
NOT_SINGLE_PATIENT: Final = "XDSResultNotSinglePatient"
_OWN_RULES: Final = frozenset(rule.id for rule in RULES)
_KINDS: Final = (
    (ExtrinsicObject, "document entries"),
    (RegistryPackage, "submission sets and folders"),
    (Association, "associations"),
    (ObjectRef, "references"),
)


async def answer(request: StoredQueryRequest, world: World) -> StoredQueryResponse:
    """What the registry finds, in the order of registration.

    A patient that nobody fed has nothing, or is an error in strict mode: the framework leaves that to the domain.

    Raises:
        StorageError: the registry cannot be read.
    """

    def find(view: RegistryView) -> StoredQueryResponse:
        return _found(request, view, strict=world.strict)

    return await world.registry.look(find)


def _found(request: StoredQueryRequest, view: RegistryView, *, strict: bool) -> StoredQueryResponse:
    query = request.query
    if query is None:
        raise ValueError(f"no stored query has the id {request.query_id}")  # RSQ-01 is essential
    patient = request.patient_id
    if strict and patient and not view.knows_patient(patient):
        return _failed(UNKNOWN_PATIENT, f"{query.patient} {patient}: nobody fed this patient to the registry")
    entries = query.answer(request.reading.criteria, view)
    if request.return_type == OBJECT_REF:
        return _page(request, [ObjectRef(entry.id, entry.source.home) for entry in entries])
    if query.single_patient:
        patients = dict.fromkeys(entry.patient_id for entry in entries if entry.patient_id)
        if len(patients) > 1:
            context = f"{query.title}: the objects belong to {len(patients)} patients; ask for ObjectRef, or for fewer"
            return _failed(NOT_SINGLE_PATIENT, context)
    return _page(request, [entry.source for entry in entries])


def _page(request: StoredQueryRequest, found: Sequence[AnyObject]) -> StoredQueryResponse:
    """All that was found, or the part of it that was asked for (ebRS 3.0: 6.2)."""
    start, most = max(request.start_index, 0), request.max_results
    if not start and most < 0:
        return StoredQueryResponse(urns.SUCCESS, tuple(found))
    end = start + most if most >= 0 else None
    return StoredQueryResponse(urns.SUCCESS, tuple(found[start:end]), start_index=start, total=len(found))


async def refuse(request: StoredQueryRequest, findings: Sequence[Finding], world: World) -> StoredQueryResponse:  # noqa: ARG001 - the card's form
    """The Failure that tells everything that is wrong with a query."""
    return StoredQueryResponse(urns.FAILURE, errors=tuple(error_of(finding) for finding in findings))


def warn(response: StoredQueryResponse, findings: Sequence[Finding]) -> StoredQueryResponse:
    """The response, with what is odd about the query as warnings."""
    warnings = [
        error_of(replace(finding, severity=Severity.WARNING)) for finding in findings if finding.rule in _OWN_RULES
    ]
    return replace(response, errors=(*response.errors, *warnings))


def verdict(response: StoredQueryResponse, request: StoredQueryRequest) -> Verdict:  # noqa: ARG001 - the card's form
    """What the registry said, and how much it found."""
    counts = Counter(word for one in response.objects for kind, word in _KINDS if isinstance(one, kind))
    found = ", ".join(f"{counts[word]} {word}" for _, word in _KINDS if counts[word])
    said = RegistryResponse(response.status, errors=response.errors)
    return verdict_of(said, [("found", found or "nothing")] if response.succeeded else [])


def log_ids(request: StoredQueryRequest) -> str:
    """The query and what it returns; no patient."""
    return f"query={request.query.name if request.query else '-'} returns={request.return_type[:40]!r}"


def patient_ids(request: StoredQueryRequest) -> Iterable[str]:
    """The patient (CX) that the query names."""
    return (request.patient_id,) if request.patient_id else ()


def _failed(code: str, context: str) -> StoredQueryResponse:
    return StoredQueryResponse(urns.FAILURE, errors=(RegistryError(code, context),))
