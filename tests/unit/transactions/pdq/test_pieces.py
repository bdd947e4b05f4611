"""Answers that come in pieces are followed to their end, and no further."""

from itertools import count

import pytest

from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import PeerMalformed
from ihe_test_util.transactions.feed.model import RegistrationEvent
from ihe_test_util.transactions.patient_query.model import QueryAck, QueryResponse
from ihe_test_util.transactions.patient_query.records import demographics
from ihe_test_util.transactions.pdq import Pieces
from ihe_test_util.transactions.pdq.answer import MATCH
from ihe_test_util.xml.hl7v3 import II, PN
from ihe_test_util.xml.hl7v3.acknowledgement import Acknowledgement
from ihe_test_util.xml.hl7v3.wrappers import Transmission

NUMBERS = count(1)


def event() -> RegistrationEvent:
    """A patient whom nobody has seen before."""
    ids = (II("2.999.1.2", f"P-{next(NUMBERS)}"),)
    return demographics(Patient(identifiers=ids, names=(PN.of("Muster", "Erika"),)), ids, "2.999.1.1", MATCH)


def answer(patients: int, remaining: str) -> QueryResponse:
    """One piece."""
    return QueryResponse(
        acknowledgement=Acknowledgement(Transmission()),
        interaction="PRPA_IN201306UV02",
        ack=QueryAck(remaining=remaining),
        registrations=tuple(event() for _ in range(patients)),
    )


def test_an_answer_is_followed_to_its_end() -> None:
    """As long as fewer and fewer remain."""
    pieces = Pieces()

    more = [pieces.take(answer(2, remaining)) for remaining in ("3", "1", "0")]

    assert more == [True, True, False]
    assert len(pieces.patients) == 6


@pytest.mark.parametrize("remaining", ["", "x", "-1", "9" * 5000, "\u0663"])
def test_what_is_no_number_is_the_end(remaining: str) -> None:
    """Nothing more is asked for."""
    assert not Pieces().take(answer(1, remaining))


def test_an_answer_without_patients_is_the_end() -> None:
    """Whatever it says of others."""
    assert not Pieces().take(answer(0, "7"))


def test_an_answer_that_never_ends_is_an_error() -> None:
    """Ever new patients, and as many remain as before."""
    pieces = Pieces()
    pieces.take(answer(1, "5"))

    with pytest.raises(PeerMalformed, match="end"):
        pieces.take(answer(1, "5"))
