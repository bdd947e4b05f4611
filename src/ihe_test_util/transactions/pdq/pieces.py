"""The answer to a query that comes in pieces, and whether there are more (ITI TF-2: 3.47.4.3)."""

from dataclasses import dataclass, field
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import PeerMalformed
from ihe_test_util.transactions.patient_query.model import QueryResponse, count_of

#: As many patients are taken at most.
MOST_PATIENTS: Final = 100_000


@dataclass(slots=True)
class Pieces:
    """The patients of all answers so far; only an answer that comes nearer to the end is worth asking for another."""

    patients: list[Patient] = field(default_factory=list)
    _remaining: int | None = None

    def take(self, response: QueryResponse) -> bool:
        """Take the patients of one answer; whether there are more to ask for.

        Raises:
            PeerMalformed: as many or more remain than before this answer, or there are too many: it would never end.
        """
        piece = [one.record.patient for one in response.registrations if one.record is not None]
        self.patients += piece
        before, self._remaining = self._remaining, count_of(response.ack.remaining) if response.ack is not None else 0
        if not self._remaining or not piece:
            return False
        if before is not None and self._remaining >= before:
            raise PeerMalformed(
                "the answer to the query does not come to its end",
                where="queryAck/resultRemainingQuantity",
                got=f"{self._remaining}, after {before} in the answer before",
                expected="fewer",
            )
        if len(self.patients) >= MOST_PATIENTS:
            raise PeerMalformed(
                "too many patients fit", got=f"{len(self.patients):,} so far", hint="ask for less, by more parameters"
            )
        return True
