"""Plans: the same run gives the same identifiers, and what differs never shares one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.batch.checkpoint import RunHeader
from ihe_test_util.batch.plan import PatientPlan, Planner, content_digest
from ihe_test_util.patients.model import PatientRow

_fixtures_do_not_change = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
_text = st.text(max_size=20)


def ids(plan: PatientPlan) -> tuple[str, ...]:
    """Every identifier that goes out."""
    return (
        plan.message_id,
        plan.submission_set_id,
        plan.document_ids.oid("document"),
        plan.addressing_id("ITI-44"),
        plan.addressing_id("ITI-41"),
    )


@_fixtures_do_not_change
@given(seed=st.integers(), first=_text, last=_text, city=_text, line=st.integers(2, 10**9))
def test_a_plan_made_again_is_the_same(
    header: RunHeader, patient: Callable[..., PatientRow], seed: int, first: str, last: str, city: str, line: int
) -> None:
    """Another process that goes on with a run sends the very same identifiers and times."""
    row = patient(first_name=first, last_name=last, city=city, line=line, row=line)
    one, other = (Planner(replace(header, seed=seed)).plan(row) for _ in range(2))
    assert (ids(one), one.now, one.file_name) == (ids(other), other.now, other.file_name)
    assert len(set(ids(one))) == len(ids(one))


@_fixtures_do_not_change
@given(values=st.tuples(_text, _text, _text), others=st.tuples(_text, _text, _text))
def test_other_data_never_share_an_identifier(
    header: RunHeader,
    patient: Callable[..., PatientRow],
    values: tuple[str, str, str],
    others: tuple[str, str, str],
) -> None:
    """A row that was corrected is another document, so that a repository never sees one id with two contents."""
    planner = Planner(header)
    names = ("first_name", "city", "mrn")
    one = planner.plan(patient(**dict(zip(names, values, strict=True))))
    other = planner.plan(patient(**dict(zip(names, others, strict=True))))
    assert set(ids(one)).isdisjoint(ids(other)) == (values != others)


def test_runs_and_contents_have_identifiers_of_their_own(header: RunHeader, patient: Callable[..., PatientRow]) -> None:
    """Another seed, another template or configuration, another run without a seed: other identifiers."""
    variants = [
        header,
        replace(header, seed=8),
        replace(header, content="ef"),
        replace(header, run_id="6f1c2a3e-0000-4000-8000-000000000002"),
    ]
    found = [ids(Planner(one).plan(patient())) for one in variants]
    assert len({one for each in found for one in each}) == len(variants) * len(found[0])


def test_the_users_seed_makes_runs_the_same(header: RunHeader, patient: Callable[..., PatientRow]) -> None:
    """With --seed neither the run nor the day matters."""
    seeded = replace(header, seeded=True)
    later = replace(seeded, run_id="other", started=datetime(2027, 1, 1, tzinfo=UTC), csv="elsewhere.csv")
    one, other = Planner(seeded).plan(patient()), Planner(later).plan(patient())
    assert (ids(one), one.now) == (ids(other), other.now)


def test_documents_of_a_run_name_its_beginning(header: RunHeader, patient: Callable[..., PatientRow]) -> None:
    """So that a resumed run makes them byte for byte as before."""
    assert Planner(header).plan(patient(dob=date(2026, 2, 28))).now == header.started


def test_digests_tell_contents_apart() -> None:
    """Every part counts, also where their texts joined would be the same."""
    assert content_digest("a", "b") != content_digest("ab") != content_digest("b", "a")
    assert content_digest("a", "b") == content_digest("a", "b")
