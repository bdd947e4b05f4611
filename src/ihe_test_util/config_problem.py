"""What is wrong with a configuration, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with a configuration; ``file`` may be ``env:NAME``, ``field`` is dotted, empty for the whole.

    ``message`` says all of it; ``got``, ``expected`` and ``hint`` are its parts for programs, empty where it has none.
    """

    file: str | None
    line: int | None
    column: int | None
    field: str
    message: str
    got: str = ""
    expected: str = ""
    hint: str = ""

    @property
    def where(self) -> str:
        """File, line and column as messages begin with them."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)
