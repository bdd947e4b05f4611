"""Ids that are made up, and the table of those that were seen."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.patients.duplicates import SeenIds
from ihe_test_util.patients.identities import Identities
from ihe_test_util.patients.ids import PatientIds


@given(seed=st.integers(), person=st.lists(st.text(max_size=20), min_size=1, max_size=7))
def test_a_seeded_id_is_a_uuid_of_version_5(seed: int, person: list[str]) -> None:
    """Anybody can compute it: namespace from the seed, name from the person's values."""
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, f"ihe-test-util seed {seed}")
    made = PatientIds(seed)
    assert made.make(person) == f"TEST-{uuid.uuid5(namespace, chr(31).join(person))}"
    assert made.make(person, twin_row=7) == f"TEST-{uuid.uuid5(namespace, chr(31).join([*person, '7']))}"


def test_a_random_id_is_a_uuid_of_version_4() -> None:
    """Without a seed, ids say nothing about the person."""
    made = PatientIds(None).make(["Anna"])
    assert uuid.UUID(made.removeprefix("TEST-")).version == 4


@given(keys=st.lists(st.integers(0, 5000), max_size=4000))
def test_the_table_remembers_as_a_dictionary_would(keys: list[int]) -> None:
    """While there is room, the first row of each key is known, through every growth of the table."""
    seen = SeenIds()
    first: dict[int, int] = {}
    for row, key in enumerate(keys, 1):
        assert seen.first(("2.999", str(key)), row) == first.setdefault(key, row)
    assert seen.count == len(first)


def test_a_table_grows_to_its_limit_and_then_only_compares() -> None:
    """Beyond the limit, what is remembered is still found, and what is new is told to be unknown."""
    seen = SeenIds(max_slots=1 << 12)
    rows = [seen.first(("2.999", str(key)), key) for key in range(1, 6000)]
    assert seen.full
    assert seen.count < 1 << 12
    assert rows == [*range(1, seen.count + 1), *[0] * (5999 - seen.count)]
    assert seen.first(("2.999", "7"), 9999) == 7


def test_a_full_table_is_told_once() -> None:
    """One warning says that duplicates are no longer found, and ids stay different."""
    identities = Identities(1, SeenIds(max_slots=1 << 12))
    made: set[str] = set()
    rules: list[str] = []
    for row in range(1, 4000):
        patient_id, found = identities.make(["Anna", str(row % 3000)], row, row)
        made.add(patient_id)
        rules += [one.rule for one in found]
    assert rules.count("duplicates-unchecked") == 1
    assert len(made) == 3999
