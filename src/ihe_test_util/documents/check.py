"""A template, tried out: what it uses, what is wrong with it, and what becomes of it for patients made up here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from ihe_test_util.documents.compiling import Trace, trace_of
from ihe_test_util.documents.document import CLINICAL_DOCUMENT, unique_id_of
from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.placeholders import NEEDS, Placeholder
from ihe_test_util.documents.problems import TemplateFailed, TemplateProblem, errors_of
from ihe_test_util.documents.sandbox import State, with_state
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.documents.source import TemplateSource, read_source
from ihe_test_util.documents.subject import Subject
from ihe_test_util.documents.template import Run, compiled, values_of
from ihe_test_util.errors import XmlMalformed
from ihe_test_util.exchange import Severity
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, line_of, parse

_NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_SETTINGS: Final = DocumentSettings()


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """What was found out about a template; ``schema`` is the file that documents were validated with, if any was."""

    name: str
    placeholders: tuple[Placeholder, ...]
    problems: tuple[TemplateProblem, ...]
    schema: Path | None = None

    @property
    def usable(self) -> bool:
        """Whether documents can be made from it."""
        return not errors_of(self.problems)


def check_template(template: str | Path, *, schema: Schema | None = None) -> TemplateReport:
    """Everything that can be said about a template that comes along, or a file.

    Raises:
        BadInput: there is no such template, or its bytes are no text.
    """
    return check_source(read_source(template), schema=schema)


def check_source(source: TemplateSource, *, schema: Schema | None = None) -> TemplateReport:
    """Everything that can be said about a template."""
    placeholders, problems, run = compiled(source)
    found = list(problems)
    if run is not None:
        traced = compiled(source, traced=True)[2]
        attempts = [_attempt(sample, placeholders, run, traced, schema) for sample in _SAMPLES]
        found += [problem for attempt in attempts for problem in attempt.problems]
        found += _doubts(*attempts)
        found += _missing(placeholders)
    return TemplateReport(source.name, placeholders, _in_order(found), schema.path if schema else None)


@dataclass(frozen=True, slots=True)
class _Sample:
    """A patient made up here, and who that is."""

    who: str
    row: PatientRow
    ids: Ids


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What became of a template for one sample; no root where it is no CDA document."""

    sample: _Sample
    problems: tuple[TemplateProblem, ...]
    trace: Trace | None = None
    root: Element | None = None

    def place(self, line: int | None, column: int | None = None) -> tuple[int | None, int | None]:
        """Where in the template a place of the document comes from."""
        return (None, None) if self.trace is None or line is None else self.trace.template_place(line, column)


def _attempt(
    sample: _Sample, placeholders: tuple[Placeholder, ...], run: Run, traced: Run | None, schema: Schema | None
) -> _Attempt:
    values = values_of(placeholders, Subject(sample.row, _NOW, sample.ids, _SETTINGS))
    try:
        text = run(with_state(values, State()))
        trace = trace_of(traced(with_state(values, State()))) if traced else None
    except TemplateFailed as error:
        problem = TemplateProblem("fails", f"{error.message} (for {sample.who})", error.line, got=error.got)
        return _Attempt(sample, (problem,))
    if trace is not None and trace.text != text:
        trace = None
    bare = _Attempt(sample, (), trace)
    try:
        root = parse(text.encode(), what="document")
    except XmlMalformed as error:
        line, column = bare.place(*(error.position or (None, None)))
        sentence = f"{error.message} (for {sample.who})"
        problem = TemplateProblem("not-well-formed", sentence, line, column, got=error.got, hint=error.hint)
        return _Attempt(sample, (problem,), trace)
    if root.tag != CLINICAL_DOCUMENT:
        line, _ = bare.place(line_of(root))
        hint = 'a CDA document begins with <ClinicalDocument xmlns="urn:hl7-org:v3">'
        problem = TemplateProblem("no-cda", "the root element is not that of CDA", line, got=str(root.tag), hint=hint)
        return _Attempt(sample, (problem,), trace)
    found = tuple(
        TemplateProblem("schema", f"{error.sentence} (for {sample.who})", bare.place(error.line)[0])
        for error in (schema.errors(root) if schema else ())
    )
    return _Attempt(sample, found, trace, root)


def _doubts(full: _Attempt, sparse: _Attempt) -> Iterator[TemplateProblem]:
    if full.root is None or sparse.root is None:
        return
    ids = [unique_id_of(root) for root in (full.root, sparse.root)]
    line, _ = full.place(_line_of(full.root, "id"))
    if not all(ids):
        yield _doubt(
            "no-unique-id",
            "a registry cannot take the document's id as uniqueId; another OID will be sent with the document",
            line,
            '<id root="{{ document_id }}"/>',
        )
    elif ids[0] == ids[1]:
        sentence = "every document has the same id; a registry takes a uniqueId only once"
        yield _doubt("same-id", sentence, line, '<id root="{{ document_id }}"/>')
    patient_ids = {(one.get("root"), one.get("extension")) for one in full.root.iterfind(_PATIENT_ID)}
    if (full.sample.row.patient_id_oid, full.sample.row.patient_id) not in patient_ids:
        line, _ = full.place(_line_of(full.root, "recordTarget"))
        hint = '<id root="{{ patient_id_oid }}" extension="{{ patient_id }}"/> in recordTarget/patientRole'
        yield _doubt("no-patient-id", "the document does not carry the patient's identifier", line, hint)
    usual = set(_empty(full))
    for line, what in sorted(set(_empty(sparse)) - usual):
        sentence = f"{what} is empty for {sparse.sample.who}"
        hint = '{% if phone %} … {% else %} … nullFlavor="UNK" {% endif %}'
        yield _doubt("empty-value", sentence, line or None, hint)


def _empty(attempt: _Attempt) -> Iterator[tuple[int, str]]:
    """Attributes without value, and elements with nothing at all, each with its line in the template or 0."""
    for element in () if attempt.root is None else attempt.root.iter():
        line = attempt.place(line_of(element))[0] or 0
        name = element.tag.rpartition("}")[2]
        yield from ((line, f"{name}/@{attribute!s}") for attribute, value in element.attrib.items() if not value)
        if not element.attrib and len(element) == 0 and not (element.text or "").strip():
            yield line, name


def _missing(placeholders: tuple[Placeholder, ...]) -> Iterator[TemplateProblem]:
    used = {placeholder.name for placeholder in placeholders}
    for need in NEEDS:
        if used.isdisjoint(need.names):
            hint = " or ".join(f"{{{{ {name} }}}}" for name in need.names[:2])
            yield _doubt("missing", f"no placeholder gives {need.what}: {need.why}", None, hint)


def _doubt(rule: str, sentence: str, line: int | None, hint: str) -> TemplateProblem:
    return TemplateProblem(rule, sentence, line, hint=hint, severity=Severity.WARNING)


def _line_of(root: Element, name: str) -> int | None:
    element = root.find(f"{{{ns.HL7}}}{name}")
    return None if element is None else line_of(element)


def _in_order(problems: Iterable[TemplateProblem]) -> tuple[TemplateProblem, ...]:
    """Errors first, in the order of the template; what both samples show is said once."""
    distinct: dict[tuple[object, ...], TemplateProblem] = {}
    for one in problems:
        distinct.setdefault((one.rule, one.sentence.partition(" (for ")[0], one.line), one)
    rank = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    return tuple(sorted(distinct.values(), key=lambda one: (rank.index(one.severity), one.line or 0)))


_PATIENT_ID: Final = "/".join(f"{{{ns.HL7}}}{name}" for name in ("recordTarget", "patientRole", "id"))
#: One with every column and characters that need an escape, one with what is required and nothing else.
_SAMPLES: Final = (
    _Sample(
        "a patient with every column",
        PatientRow(
            line=2, row=2, first_name="Ana & Bo", last_name="O'Neill <\"x\">", dob=date(1958, 3, 14), gender="F",
            patient_id_oid="2.999.1.3.1", patient_id="SAMPLE-1", mrn="MRN-1", ssn="000-00-0001",
            address="1 Example Way", city="Portland", state="OR", zip="97201", phone="+1-555-555-0142",
            email="ana@example.org",
        ),
        Ids("00000000-0000-4000-8000-000000000001"),
    ),
    _Sample(
        "a patient without optional columns",
        PatientRow(
            line=3, row=3, first_name="Bea", last_name="Sparse", dob=date(2025, 12, 30), gender="U",
            patient_id_oid="2.999.1.3.1", patient_id="SAMPLE-2",
        ),
        Ids("00000000-0000-4000-8000-000000000002"),
    ),
)  # fmt: skip
