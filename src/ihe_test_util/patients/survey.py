"""What a whole patient file came to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ihe_test_util.exchange import Severity
from ihe_test_util.patients.csv_reader import Item
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow


@dataclass(slots=True)
class Survey:
    """Counts, as rows are added; ``causes`` counts problems by severity, rule and column."""

    valid: int = 0
    rejected: int = 0
    generated_ids: int = 0
    causes: Counter[tuple[Severity, str, str]] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many rows there are that are not blank."""
        return self.valid + self.rejected

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return self._count(Severity.WARNING)

    def add(self, item: Item) -> Sequence[Problem]:
        """Count the next item of a file, and give the problems in it."""
        if isinstance(item, PatientRow):
            self.valid += 1
            self.generated_ids += item.generated_id
            return ()
        if isinstance(item, RejectedRow):
            self.rejected += 1
            problems = item.problems
        else:
            problems = (item,)
        for problem in problems:
            self.causes[problem.severity, problem.rule, problem.column] += 1
        return problems

    def _count(self, severity: Severity) -> int:
        return sum(count for (one, _, _), count in self.causes.items() if one is severity)
