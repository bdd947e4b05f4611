"""Templates of clinical documents: loaded and compiled once, rendered for each patient."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from ihe_test_util.documents.document import Document, document_from
from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.placeholders import PLACEHOLDERS, Group, Placeholder
from ihe_test_util.documents.problems import TemplateFailed, TemplateProblem, errors_of, refusal
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.documents.source import TemplateSource, read_source, source_of
from ihe_test_util.documents.subject import Subject
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.xml.io import xml_text

_DEFAULTS: Final = DocumentSettings()
_FAILURES: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that can be rendered; ``digest`` is the SHA-256 of its text. Safe to use from several threads."""

    name: str
    digest: str
    placeholders: tuple[Placeholder, ...]
    problems: tuple[TemplateProblem, ...]  # none of them an error
    _run: Callable[[dict[str, object]], str] = field(repr=False)

    @classmethod
    def load(cls, template: str | Path) -> Self:
        """A template that comes along, by its name, or a file.

        Raises:
            BadInput: there is no such template, or all that is wrong with it.
        """
        return cls.of(read_source(template))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "template") -> Self:
        """A template that is not in a file.

        Raises:
            BadInput: all that is wrong with it.
        """
        return cls.of(source_of(data, name))

    @classmethod
    def of(cls, source: TemplateSource) -> Self:
        """The template that a text is.

        Raises:
            BadInput: all that is wrong with it.
        """
        placeholders, problems, run = compiled(source)
        if run is None:
            raise refusal(source.name, errors_of(problems))
        return cls(source.name, hashlib.sha256(source.text.encode()).hexdigest(), placeholders, problems, run)

    def ids(self, row: PatientRow, *, seed: int | None, new_uuid: Callable[[], str]) -> Ids:
        """The identifiers for a document about ``row``: the same ones for the same seed, fresh ones without."""
        return Ids.fresh(new_uuid) if seed is None else Ids.seeded(seed, row, self.digest)

    def render(self, row: PatientRow, *, now: datetime, ids: Ids, settings: DocumentSettings = _DEFAULTS) -> bytes:
        """The document in UTF-8, the same for the same arguments; whether it is well-formed is not checked.

        Raises:
            BadInput: the template fails for this patient, or exceeds a limit.
        """
        return self._rendered(row, now, ids, settings)[0]

    def document(self, row: PatientRow, *, now: datetime, ids: Ids, settings: DocumentSettings = _DEFAULTS) -> Document:
        """The document with what its metadata need; it is well-formed and has the root of CDA.

        Raises:
            BadInput: the template fails for this patient, or makes something else of it.
        """
        data, replaced = self._rendered(row, now, ids, settings)
        return document_from(
            data,
            creation_time=now,
            fallback_id=ids.oid("document"),
            what=f"document from {self.name}",
            replaced=replaced,
        )

    def _rendered(
        self, row: PatientRow, now: datetime, ids: Ids, settings: DocumentSettings
    ) -> tuple[bytes, tuple[str, ...]]:
        from ihe_test_util.documents.sandbox import State, with_state  # noqa: PLC0415 - Jinja, when it is needed

        subject = Subject(row, now, ids, settings)
        state = State()
        text = self._run(with_state(values_of(self.placeholders, subject), state))
        return text.encode(), _replaced_columns(row) if state.replaced else ()


Run = Callable[[dict[str, object]], str]


def compiled(
    source: TemplateSource, *, traced: bool = False
) -> tuple[tuple[Placeholder, ...], tuple[TemplateProblem, ...], Run | None]:
    """What a template uses, all that is wrong with it or doubtful, and what renders it: None where there are errors.

    A traced one writes the template's line numbers into the text, for ``compiling.trace_of``.
    """
    from jinja2.exceptions import TemplateError  # noqa: PLC0415 - Jinja, when it is needed

    from ihe_test_util.documents.compiling import runnable  # noqa: PLC0415
    from ihe_test_util.documents.language import judged, syntax_tree  # noqa: PLC0415
    from ihe_test_util.documents.sandbox import Sandbox  # noqa: PLC0415

    sandbox = Sandbox(newline="\r\n" if "\r\n" in source.text else "\n")
    tree, problems = syntax_tree(sandbox, source.text)
    placeholders: tuple[Placeholder, ...] = ()
    template: Any = None
    if tree is not None:
        placeholders, found = judged(tree, source.text)
        problems += found
        if not problems:
            try:
                template = runnable(sandbox, tree, traced=traced)
            except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
                line = getattr(error, "lineno", None) if isinstance(error, TemplateError) else None
                problems.append(TemplateProblem("syntax", f"it cannot be compiled: {error}", line))
    run = None if template is None else _runner(template, source.name)
    return placeholders, (*source.problems, *problems), run


def values_of(placeholders: tuple[Placeholder, ...], subject: Subject) -> dict[str, object]:
    """The values of the placeholders that a template uses."""
    from ihe_test_util.documents.sandbox import Function  # noqa: PLC0415 - Jinja, when it is needed

    values: dict[str, object] = {}
    for used in placeholders:
        definition = used.definition
        if definition is None:
            continue
        value = definition.value(subject)
        is_function = definition.group is Group.FUNCTION
        values[used.name] = Function(definition.call, value) if is_function and callable(value) else value
    return values


def _runner(template: Any, name: str) -> Run:  # noqa: ANN401 - Jinja's template, which is imported late
    from jinja2.exceptions import TemplateError  # noqa: PLC0415 - Jinja, when it is needed

    def run(values: dict[str, object]) -> str:
        try:
            return "".join(template.root_render_func(template.new_context(values)))
        except BadInput as error:
            line = _line(template, error)
            raise TemplateFailed(
                error.message, name=name, line=line, got=error.got, expected=error.expected, hint=error.hint
            ) from None
        except (TemplateError, *_FAILURES) as error:
            raise TemplateFailed(f"the template fails: {error}", name=name, line=_line(template, error)) from None

    return run


def _line(template: Any, error: BaseException) -> int | None:  # noqa: ANN401 - as above
    from ihe_test_util.documents.compiling import FILE_NAME  # noqa: PLC0415 - Jinja, when it is needed

    line: int | None = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _replaced_columns(row: PatientRow) -> tuple[str, ...]:
    columns = (name for name, one in PLACEHOLDERS.items() if one.group is Group.PATIENT)
    return tuple(name for name in columns if xml_text(str(getattr(row, name))) != str(getattr(row, name)))
