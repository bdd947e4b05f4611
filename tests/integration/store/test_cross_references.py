"""Who is who in a real database: cross-references, merges, searches."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.domain.patients import (
    CrossReferencing,
    MergeProblem,
    NameSought,
    Patient,
    PendingQuery,
    Sought,
    Standing,
)
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL

DOMAIN_A, DOMAIN_B, DOMAIN_C = "2.999.10.1", "2.999.10.2", "2.999.10.3"
BY_NAME = CrossReferencing()
BY_NOTHING = CrossReferencing(by_demographics=False)


def person(*ids: tuple[str, str], family: str = "Muster", given: str = "Erika", **more: Any) -> Patient:
    """A patient with everything that a cross-reference by demographics looks at."""
    fields = {"gender": "F", "birth_time": "19800229", **more}
    return Patient(
        identifiers=tuple(II(*one) for one in ids),
        names=(PN.of(family, given),),
        **fields,
    )


async def test_identities_with_the_same_demographics_are_one_person(store: Store, at: datetime) -> None:
    """Name, day of birth and gender alike make one person, whatever case or blanks the name is written in."""
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    await store.patients.feed(person((DOMAIN_B, "2"), family=" MUSTER ", birth_time="19800229081500"), at=at)
    await store.patients.feed(person((DOMAIN_C, "3"), given="Erik"), at=at)
    assert await store.patients.corresponding(II(DOMAIN_A, "1"), BY_NAME) == (II(DOMAIN_B, "2"),)
    assert await store.patients.corresponding(II(DOMAIN_B, "2"), BY_NAME) == (II(DOMAIN_A, "1"),)
    assert await store.patients.corresponding(II(DOMAIN_C, "3"), BY_NAME) == ()


@pytest.mark.parametrize("missing", [{"gender": ""}, {"birth_time": ""}, {"birth_time": "1980"}, {"given": ""}])
async def test_incomplete_demographics_make_nobody_the_same(
    store: Store, at: datetime, missing: dict[str, str]
) -> None:
    """Without name, gender and day of birth there is no match, even with somebody who lacks the same."""
    for domain in (DOMAIN_A, DOMAIN_B):
        await store.patients.feed(person((domain, "1"), **missing), at=at)
    assert await store.patients.corresponding(II(DOMAIN_A, "1"), BY_NAME) == ()


async def test_identifiers_fed_together_stay_together(store: Store, at: datetime) -> None:
    """Also without any rule, after one of them was fed alone, and for those that others assigned."""
    both = person((DOMAIN_A, "1"), (DOMAIN_B, "2"), other_ids=(II(DOMAIN_C, "3"),))
    await store.patients.feed(both, at=at)
    await store.patients.feed(person((DOMAIN_B, "2"), family="Anders"), at=at)
    assert await store.patients.corresponding(II(DOMAIN_B, "2"), BY_NOTHING) == (II(DOMAIN_A, "1"), II(DOMAIN_C, "3"))
    assert await store.patients.corresponding(II(DOMAIN_C, "3"), BY_NOTHING) == (II(DOMAIN_A, "1"), II(DOMAIN_B, "2"))


async def test_configured_links_hold_whatever_was_fed(store: Store, at: datetime) -> None:
    """A link joins identities that nothing else joins, and those that were never fed."""
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    await store.patients.feed(person((DOMAIN_B, "2"), family="Anders"), at=at)
    rule = CrossReferencing(by_demographics=False, links=((II(DOMAIN_A, "1"), II(DOMAIN_B, "2"), II(DOMAIN_C, "9")),))
    assert await store.patients.corresponding(II(DOMAIN_A, "1"), rule) == (II(DOMAIN_B, "2"), II(DOMAIN_C, "9"))
    assert await store.patients.corresponding(II(DOMAIN_C, "9"), rule) == (II(DOMAIN_A, "1"), II(DOMAIN_B, "2"))


async def test_nobody_knows_an_identifier_that_was_not_fed(store: Store, at: datetime) -> None:
    """None is another answer than no other identifiers."""
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    assert await store.patients.corresponding(II(DOMAIN_A, "2"), BY_NAME) is None
    assert await store.patients.standing(II(DOMAIN_A, "2")) is Standing.UNKNOWN
    assert await store.patients.unknown_domains([DOMAIN_B, DOMAIN_A, DOMAIN_C]) == (DOMAIN_B, DOMAIN_C)


async def test_a_merged_identifier_is_gone_and_its_references_stay(store: Store, at: datetime) -> None:
    """What belonged to the identifier that ended belongs to the one that stays."""
    await store.patients.feed(person((DOMAIN_A, "1"), (DOMAIN_B, "2"), family="Alt"), at=at)
    await store.patients.feed(person((DOMAIN_A, "7")), at=at)
    assert await store.patients.merge(person((DOMAIN_A, "7")), II(DOMAIN_A, "1"), at=at) is None
    assert await store.patients.corresponding(II(DOMAIN_A, "1"), BY_NAME) is None
    assert await store.patients.standing(II(DOMAIN_A, "1")) is Standing.SUBSUMED
    assert await store.patients.corresponding(II(DOMAIN_A, "7"), BY_NAME) == (II(DOMAIN_B, "2"),)
    assert await store.patients.get(DOMAIN_A, "1") is None
    assert await store.patients.find(Sought(identifiers=(II(DOMAIN_A, "1"),)), limit=5) == ()


async def test_a_chain_of_merges_leads_to_the_last(data_dir: Path, at: datetime) -> None:
    """The last survivor is known for all that ended before it, also after a restart."""
    store = Store.open(data_dir)
    for number in "123":
        await store.patients.feed(person((DOMAIN_A, number)), at=at)
    assert await store.patients.merge(person((DOMAIN_A, "2")), II(DOMAIN_A, "1"), at=at) is None
    assert await store.patients.merge(person((DOMAIN_A, "3")), II(DOMAIN_A, "2"), at=at) is None
    await store.close()
    again = Store.open(data_dir)
    assert await again.patients.subsumed_by(II(DOMAIN_A, "3")) == (II(DOMAIN_A, "1"), II(DOMAIN_A, "2"))
    assert await again.patients.subsumed_by(II(DOMAIN_A, "2")) == ()
    assert await again.patients.count() == 1
    await again.close()


@pytest.mark.parametrize(
    ("stays", "ends", "problem"),
    [
        ("1", "1", MergeProblem.SAME),
        ("1", "9", MergeProblem.UNKNOWN),
        ("1", "2", MergeProblem.SUBSUMED_BEFORE),
        ("2", "1", MergeProblem.SURVIVOR_SUBSUMED),
    ],
)
async def test_a_merge_that_makes_no_sense_changes_nothing(
    store: Store, at: datetime, stays: str, ends: str, problem: MergeProblem
) -> None:
    """The reason is told, and everybody stands as before."""
    for number in "123":
        await store.patients.feed(person((DOMAIN_A, number)), at=at)
    await store.patients.merge(person((DOMAIN_A, "3")), II(DOMAIN_A, "2"), at=at)
    assert await store.patients.merge(person((DOMAIN_A, stays)), II(DOMAIN_A, ends), at=at) is problem
    assert await store.patients.standing(II(DOMAIN_A, "1")) is Standing.ACTIVE
    assert await store.patients.subsumed_by(II(DOMAIN_A, "3")) == (II(DOMAIN_A, "2"),)


async def test_a_survivor_who_is_not_known_is_registered(store: Store, at: datetime) -> None:
    """The merge says enough about the patient to do so."""
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    assert await store.patients.merge(person((DOMAIN_A, "2")), II(DOMAIN_A, "1"), at=at) is None
    assert await store.patients.get(DOMAIN_A, "2") == person((DOMAIN_A, "2"))


async def test_whoever_is_fed_again_is_in_use_again(store: Store, at: datetime) -> None:
    """The source has the last word on its identifiers."""
    for number in "12":
        await store.patients.feed(person((DOMAIN_A, number)), at=at)
    await store.patients.merge(person((DOMAIN_A, "2")), II(DOMAIN_A, "1"), at=at)
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    assert await store.patients.standing(II(DOMAIN_A, "1")) is Standing.ACTIVE


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(names=(NameSought("muster"),)), "12"),
        (Sought(names=(NameSought("MU*", "e*"),)), "12"),
        (Sought(names=(NameSought("", "Hans"),)), "3"),
        (Sought(names=(NameSought("Künstler"),)), "3"),
        (Sought(names=(NameSought("K*"), NameSought("Muster", "Erika"))), "13"),
        (Sought(names=(NameSought("Must_r"),)), ""),
        (Sought(gender="M"), "3"),
        (Sought(births=(("19800229", "19800229"),)), "12"),
        (Sought(births=(("1980", "1980"),)), "12"),
        (Sought(births=(("19790101", "19801231"),), gender="F"), "12"),
        (Sought(births=(("19810101", ""),)), "3"),
        (Sought(identifiers=(II(DOMAIN_A, "2"),)), "2"),
        (Sought(identifiers=(II(DOMAIN_C, "S-3"),)), "3"),
        (Sought(identifiers=(II(DOMAIN_A, "2"),), gender="M"), ""),
        (Sought(addresses=(AD.of(city="Musterstadt"),)), "2"),
        (Sought(addresses=(AD.of("Am Weg 1", city="Anderswo"),)), ""),
        (Sought(telecoms=(TEL("tel:+1-555-0100"),)), "2"),
        (Sought(), "123"),
    ],
)
async def test_patients_are_found_by_what_is_known_of_them(
    store: Store, at: datetime, sought: Sought, found: str
) -> None:
    """Everything that is sought has to fit; names by any of theirs, without case, with ``*`` for the rest."""
    lives: dict[str, Any] = {
        "addresses": (AD.of("Am Weg 1", city="Musterstadt"),),
        "telecoms": (TEL("tel:+1-555-0100"),),
    }
    hans = Patient(
        (II(DOMAIN_A, "3"),),
        (PN.of("Meier", "Hans", "Otto"), PN.of("Künstler", "H.", use="P")),
        "M",
        "19990101",
        other_ids=(II(DOMAIN_C, "S-3"),),
    )
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    await store.patients.feed(person((DOMAIN_A, "2"), given="Eva", **lives), at=at)
    await store.patients.feed(hans, at=at)
    patients = await store.patients.find(sought, limit=10)
    assert "".join(one.identifiers[0].extension for one in patients) == found


async def test_as_many_are_found_as_are_wanted(store: Store, at: datetime) -> None:
    """The first ones in the order of their identifiers."""
    for number in "4132":
        await store.patients.feed(person((DOMAIN_A, number)), at=at)
    patients = await store.patients.find(Sought(names=(NameSought("Muster"),)), limit=2)
    assert [one.identifiers[0].extension for one in patients] == ["1", "2"]


async def test_a_query_can_be_gone_on_with_until_it_is_dropped(store: Store, at: datetime) -> None:
    """What was kept comes back; dropped twice it was there once."""
    query = PendingQuery(II("2.999.1", "q-1"), "<query/>", (II(DOMAIN_A, "1"), II(DOMAIN_A, "2")), 1)
    await store.patients.keep_query(query, at=at)
    assert await store.patients.pending_query(II("2.999.1", "q-1")) == query
    assert await store.patients.drop_query(II("2.999.1", "q-1"))
    assert not await store.patients.drop_query(II("2.999.1", "q-1"))
    assert await store.patients.pending_query(II("2.999.1", "q-1")) is None


async def test_reset_forgets_links_and_queries_too(store: Store, at: datetime) -> None:
    """Nothing of before joins whoever is fed afterwards."""
    await store.patients.feed(person((DOMAIN_A, "1"), (DOMAIN_B, "2")), at=at)
    await store.patients.reset()
    await store.patients.feed(person((DOMAIN_A, "1")), at=at)
    assert await store.patients.corresponding(II(DOMAIN_A, "1"), BY_NOTHING) == ()
