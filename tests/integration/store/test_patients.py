"""Patients in a real database."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ihe_test_util.domain.patients import Patient
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.hl7v3 import II

MakePatient = Callable[..., Patient]


async def test_a_patient_comes_back_as_it_was_fed(store: Store, patient: MakePatient, at: datetime) -> None:
    """Names, addresses, telecoms and further ids are kept in their order and to the letter."""
    await store.patients.feed(patient(), at=at)
    assert await store.patients.get("2.999.1.1", "P-1") == patient()


@pytest.mark.parametrize(
    "text", ["<&>\"'", "💊 Müller", "מירב שׁלום", "a\u202eb", "x" * 5000, "a'; DROP TABLE patients; --"]
)
async def test_any_text_is_kept(store: Store, patient: MakePatient, at: datetime, text: str) -> None:
    """Ids and names with markup, quotes, emoji or right-to-left text come back intact."""
    await store.patients.feed(patient(text, text), at=at)
    found = await store.patients.get("2.999.1.1", text)
    assert found == patient(text, text)


async def test_a_second_feed_replaces_the_demographics(store: Store, patient: MakePatient, at: datetime) -> None:
    """The same identifier is the same patient: what was fed last holds, and there is still one."""
    await store.patients.feed(patient(family="Alt"), at=at)
    await store.patients.feed(patient(family="Neu"), at=at)
    found = await store.patients.get("2.999.1.1", "P-1")
    assert found is not None
    assert found.names[0].family == "Neu"
    assert await store.patients.count() == 1


async def test_a_patient_is_found_by_each_identifier(store: Store, patient: MakePatient, at: datetime) -> None:
    """Two identifiers in one feed lead to one patient."""
    fed = patient("P-1", "Muster", II("2.999.1.2", "Q-9"))
    await store.patients.feed(fed, at=at)
    assert await store.patients.get("2.999.1.2", "Q-9") == await store.patients.get("2.999.1.1", "P-1") == fed
    assert await store.patients.count() == 1


async def test_the_extension_alone_identifies_nobody(store: Store, patient: MakePatient, at: datetime) -> None:
    """The same extension under another root is somebody else."""
    await store.patients.feed(patient(), at=at)
    assert await store.patients.get("2.999.1.2", "P-1") is None


async def test_reset_forgets_every_patient(store: Store, patient: MakePatient, at: datetime) -> None:
    """After a reset nobody is known, and patients can be fed again."""
    await store.patients.feed(patient(), at=at)
    await store.patients.reset()
    assert await store.patients.get("2.999.1.1", "P-1") is None
    await store.patients.feed(patient(), at=at)
    assert await store.patients.count() == 1


async def test_many_feeds_at_once_are_all_kept(data_dir: Path, patient: MakePatient, at: datetime) -> None:
    """Feeds that share a commit are each stored, also two of the same patient, and survive the process."""
    store = Store.open(data_dir)
    await asyncio.gather(*(store.patients.feed(patient(f"P-{number % 700}"), at=at) for number in range(1000)))
    await store.close()
    again = Store.open(data_dir)
    assert await again.patients.count() == 700
    await again.close()


async def test_one_bad_feed_does_not_harm_its_neighbours(store: Store, patient: MakePatient, at: datetime) -> None:
    """What cannot be stored fails alone; the others that shared its commit are acknowledged and there."""
    feeds = [store.patients.feed(patient(f"P-{number}" if number != 5 else "\ud800"), at=at) for number in range(10)]
    results = await asyncio.gather(*feeds, return_exceptions=True)
    assert [index for index, result in enumerate(results) if result is not None] == [5]
    assert await store.patients.count() == 9


async def test_a_feed_after_close_is_refused(data_dir: Path, patient: MakePatient, at: datetime) -> None:
    """A store that is closed acknowledges nothing."""
    store = Store.open(data_dir)
    await store.close()
    with pytest.raises(Exception, match="stopping"):
        await store.patients.feed(patient(), at=at)


async def test_a_cancelled_feed_leaves_the_others_alone(store: Store, patient: MakePatient, at: datetime) -> None:
    """A request that is given up while it waits does not disturb those that wait beside it."""
    given_up = asyncio.ensure_future(store.patients.feed(patient("P-1"), at=at))
    waiting = asyncio.ensure_future(store.patients.feed(patient("P-2"), at=at))
    await asyncio.sleep(0)
    given_up.cancel()
    await waiting
    assert await store.patients.get("2.999.1.1", "P-2") is not None
