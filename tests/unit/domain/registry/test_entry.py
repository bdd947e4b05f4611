"""Entries that come out of a store say the same as those that went in, read or not."""

from dataclasses import replace

import pytest

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.xml.ebrim import urns
from tests.support.registry_objects import document, folder, link, submission_set, uuid
from tests.support.worlds import MemoryRegistry

ONE = document(1, title="é", status=urns.DEPRECATED, lid=uuid(9), version=3)
OBJECTS = (ONE, folder(2), submission_set(3), link(4, urns.HAS_MEMBER, folder(2), ONE))


async def stored(entry: Entry) -> Entry:
    """The entry as a store gives it back."""
    registry = MemoryRegistry()
    await registry.change(lambda change: change.add([entry]))
    (found,) = await registry.look(lambda view: view.by_ids([entry.id]))
    registry.close()
    return found


@pytest.mark.parametrize("entry", OBJECTS, ids=lambda entry: entry.kind.value)
async def test_an_entry_says_the_same_read_or_not(entry: Entry) -> None:
    """What a store knows without reading the object is what the object says."""
    found = await stored(entry)
    names = ("id", "lid", "version", "status", "type", "approved", "home", "unique_id", "patient_id", "kind")

    assert found.kept is not None
    assert [getattr(found, name) for name in names] == [getattr(entry, name) for name in names]
    assert found.source == entry.source
    assert found == entry


async def test_an_entry_that_is_changed_is_no_longer_what_the_store_has() -> None:
    """Neither its state nor its id come from what was kept."""
    found = await stored(ONE)

    changed = found.with_status(urns.APPROVED)
    renamed = replace(found, source=replace(found.source, id=uuid(7)))

    assert (changed.kept, changed.status, changed.approved) == (None, urns.APPROVED, True)
    assert (renamed.kept, renamed.id) == (None, uuid(7))


async def test_a_word_that_is_not_there_is_not_looked_for() -> None:
    """And what there is besides is asked of nobody."""
    found = await stored(ONE)

    assert found.may_say("documentAvailability") is False
    assert found.may_say(urns.ENTRY_PATIENT_ID) is True
    with pytest.raises(AttributeError):
        getattr(found, "nothing")  # noqa: B009 - the type checker knows that there is no such attribute
