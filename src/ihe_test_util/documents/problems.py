"""What is wrong with a template, or doubtful about it, with the place in the template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Severity

_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One problem of a template; ``line`` and ``column`` are 1-based, None where they are not known.

    ``rule`` is a short name that stays the same over releases (``unknown-placeholder``).
    """

    rule: str
    sentence: str
    line: int | None = None
    column: int | None = None
    got: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def place(self) -> str:
        """Line and column in words; empty where they are not known."""
        if self.line is None:
            return ""
        return f"line {self.line}" + ("" if self.column is None else f", column {self.column}")

    def __str__(self) -> str:
        text = f"{self.place}: {self.sentence}" if self.place else self.sentence
        return text + "".join(
            f"; {label}: {value}" for label, value in (("got", self.got), ("try", self.hint)) if value
        )


class TemplateFailed(BadInput):
    """A template that cannot be rendered for a patient; ``line`` is that of the template, None where unknown."""

    def __init__(
        self, message: str, *, name: str, line: int | None, got: str = "", expected: str = "", hint: str = ""
    ) -> None:
        where = f"{name}, line {line}" if line else name
        super().__init__(message, where=where, got=got, expected=expected, hint=hint)
        self.line = line


def errors_of(problems: Iterable[TemplateProblem]) -> tuple[TemplateProblem, ...]:
    """Those that keep a template from being used."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def refusal(name: str, errors: Sequence[TemplateProblem]) -> BadInput:
    """The error that says all that is wrong with the template ``name``; there is at least one problem."""
    if len(errors) == 1:
        only = errors[0]
        where = f"{name}, {only.place}" if only.place else name
        return BadInput(f"the template cannot be used: {only.sentence}", where=where, got=only.got, hint=only.hint)
    lines = [f"the template cannot be used, it has {len(errors)} problems:", *(f"  {one}" for one in errors[:_LISTED])]
    if len(errors) > _LISTED:
        lines.append(f"  and {len(errors) - _LISTED} more")
    return BadInput("\n".join(lines), where=name, hint="ihe-test-util template validate shows all of them")


def column_in(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both 1-based, of an offset into a text."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
