"""How a document registry answers a stored query (ITI TF-2: 3.18.4.1.3), and what its answer says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.world import World
from ihe_test_util.domain.xds.metadata import is_folder
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.card import Verdict
from ihe_test_util.transactions.iti18.model import OBJECT_REF, StoredQueryRequest, StoredQueryResponse
from ihe_test_util.transactions.iti18.rules import RULES
from ihe_test_util.transactions.xds.response import RegistryError, RegistryResponse, error_of, verdict_of
from ihe_test_util.xml.ebrim import AnyObject, Association, ExtrinsicObject, ObjectRef, RegistryPackage, urns

UNKNOWN_PATIENT: Final = "XDSUnknownPatientId"
NOT_SINGLE_PATIENT: Final = "XDSResultNotSinglePatient"
TOO_MANY_RESULTS: Final = "XDSTooManyResults"
_ACTOR: Final = "Document Registry"
_OWN_RULES: Final = frozenset(rule.id for rule in RULES)
_WORDS: Final = {
    Kind.DOCUMENT_ENTRY: ("document entry", "document entries"),
    Kind.SUBMISSION_SET: ("submission set", "submission sets"),
    Kind.FOLDER: ("folder", "folders"),
    Kind.ASSOCIATION: ("association", "associations"),
    None: ("reference", "references"),
}


async def answer(request: StoredQueryRequest, world: World) -> StoredQueryResponse:
    """What the registry finds, in the order of registration.

    A patient that nobody fed has nothing, or is an error in strict mode: the framework leaves that to the domain.

    Raises:
        StorageError: the registry cannot be read.
    """

    def find(view: RegistryView) -> StoredQueryResponse:
        return _found(request, view, strict=world.strict, at_most=world.query_max_results)

    return await world.registry.look(find)


def _found(
    request: StoredQueryRequest, view: RegistryView, *, strict: bool, at_most: int | None
) -> StoredQueryResponse:
    query = request.query
    if query is None:
        raise ValueError(f"no stored query has the id {request.query_id}")  # RSQ-01 is essential
    patient = request.patient_id
    if strict and patient and not view.knows_patient(patient):
        why = "the registry was not fed this patient, or they were merged into another"
        return _failed(UNKNOWN_PATIENT, f"{query.patient} {patient}: {why}")
    entries = query.answer(request.reading.criteria, view)
    if request.return_type == OBJECT_REF:
        shown, part = _page(request, entries)
        references = tuple(ObjectRef(entry.id, entry.home) for entry in shown)
        return replace(part, objects=references)
    if query.single_patient:
        patients = dict.fromkeys(entry.patient_id for entry in entries if entry.patient_id)
        if len(patients) > 1:
            context = f"{query.title}: the objects belong to {len(patients)} patients; ask for ObjectRef, or for fewer"
            return _failed(NOT_SINGLE_PATIENT, context)
    shown, part = _page(request, entries)
    if at_most is not None and len(shown) > at_most:
        context = f"{query.title}: {len(shown)} objects, more than {at_most}; ask for ObjectRef, or for fewer"
        return _failed(TOO_MANY_RESULTS, context)
    return replace(part, found=tuple(shown))


def _page(request: StoredQueryRequest, entries: Sequence[Entry]) -> tuple[Sequence[Entry], StoredQueryResponse]:
    """All that was found, or the part of it that was asked for (ebRS 3.0: 6.2), and the Success that says so."""
    start, most = max(request.start_index, 0), request.max_results
    if not start and most < 0:
        return entries, StoredQueryResponse(urns.SUCCESS)
    end = start + most if most >= 0 else None
    return entries[start:end], StoredQueryResponse(urns.SUCCESS, start_index=start, total=len(entries))


async def refuse(request: StoredQueryRequest, findings: Sequence[Finding], world: World) -> StoredQueryResponse:  # noqa: ARG001 - the card's form
    """The Failure that tells everything that is wrong with a query."""
    return StoredQueryResponse(urns.FAILURE, errors=tuple(_error(finding) for finding in findings))


def warn(response: StoredQueryResponse, findings: Sequence[Finding]) -> StoredQueryResponse:
    """The response, with what is odd about the query as warnings."""
    warnings = [
        _error(replace(finding, severity=Severity.WARNING)) for finding in findings if finding.rule in _OWN_RULES
    ]
    return replace(response, errors=(*response.errors, *warnings))


def verdict(response: StoredQueryResponse, request: StoredQueryRequest) -> Verdict:  # noqa: ARG001 - the card's form
    """What the registry said, and how much it found."""
    counts: Counter[Kind | None] = Counter(entry.kind for entry in response.found)
    counts.update(map(_kind, response.objects))
    found = ", ".join(
        f"{counts[kind]} {one if counts[kind] == 1 else many}" for kind, (one, many) in _WORDS.items() if counts[kind]
    )
    said = RegistryResponse(response.status, errors=response.errors)
    return verdict_of(said, [("found", found or "nothing")] if response.succeeded else [])


def log_ids(request: StoredQueryRequest) -> str:
    """The query and what it returns; no patient."""
    return f"query={request.query.name if request.query else '-'} returns={request.return_type[:40]!r}"


def patient_ids(request: StoredQueryRequest) -> Iterable[str]:
    """The patients (CX) that the query names."""
    criteria = request.reading.criteria
    return dict.fromkeys(one for name in names.PATIENT_IDS for one in criteria.any_of(name))


def _kind(one: AnyObject) -> Kind | None:
    match one:
        case ExtrinsicObject():
            return Kind.DOCUMENT_ENTRY
        case RegistryPackage():
            return Kind.FOLDER if is_folder(one) else Kind.SUBMISSION_SET
        case Association():
            return Kind.ASSOCIATION
        case _:
            return None


def _failed(code: str, context: str) -> StoredQueryResponse:
    return StoredQueryResponse(urns.FAILURE, errors=(RegistryError(code, context, location=_ACTOR),))


def _error(finding: Finding) -> RegistryError:
    line = f", line {finding.line}" if finding.line else ""
    return error_of(finding, location=f"{_ACTOR}, {finding.section}{line}")
