"""The registry in its database: what is registered is found, whole or not at all, also by the next process."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.registry.access import RegistryChange, RegistryView
from ihe_test_util.domain.registry.entry import Entry, Kind, in_registry
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.ebrim import Association, ExternalIdentifier, ExtrinsicObject, LocalizedString, Slot, urns

AT = datetime(2024, 2, 29, 15, 30, tzinfo=UTC)
PATIENT = "P1^^^&2.999.1&ISO"


def entry(number: int, patient_id: str = PATIENT) -> Entry:
    """A document entry with everything that ebRIM can say of it in few words."""
    source = ExtrinsicObject(
        id=f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        slots=(Slot("languageCode", ("de-AT",)), Slot("urn:x", ("a", "ü"))),
        name=(LocalizedString("Grüße", "de"),),
        external_identifiers=(
            ExternalIdentifier(id="p", scheme=urns.ENTRY_PATIENT_ID, value=patient_id),
            ExternalIdentifier(id="u", scheme=urns.ENTRY_UNIQUE_ID, value=f"2.999.{number}"),
        ),
        object_type=urns.STABLE_DOCUMENT,
        mime_type="text/xml",
    )
    return Entry.of(Kind.DOCUMENT_ENTRY, in_registry(source))


def link(number: int, source: str, target: str) -> Entry:
    """An association."""
    association = Association(
        id=f"urn:uuid:10000000-0000-4000-8000-{number:012}",
        association_type=urns.HAS_MEMBER,
        source=source,
        target=target,
    )
    return Entry.of(Kind.ASSOCIATION, in_registry(association))


def adding(one: Entry) -> Callable[[RegistryChange], None]:
    """Work that registers an object."""
    return lambda registry: registry.add([one])


async def test_what_is_registered_is_found_by_all_that_names_it(store: Store) -> None:
    """An object comes back equal by its id, uniqueId, logical id and patient; an association by both of its ends."""
    one, other = entry(1), entry(2)
    between = link(1, one.id, other.id)

    await store.registry.change(lambda registry: registry.add([one, other, between]))

    def found(registry: RegistryView) -> list[list[Entry]]:
        return [
            registry.by_ids([other.id, one.id, "urn:uuid:none"]),
            registry.by_unique_ids(["2.999.1"]),
            registry.by_lids([two.lid for two in (one, other)]),
            registry.of_patients([PATIENT], [Kind.DOCUMENT_ENTRY], [urns.APPROVED]),
            registry.of_patients([PATIENT], [Kind.FOLDER]),
            registry.associations_from([one.id]),
            registry.associations_to([other.id]),
        ]

    assert await store.registry.look(found) == [
        [one, other],
        [one],
        [one, other],
        [one, other],
        [],
        [between],
        [between],
    ]


async def test_changes_are_there_after_a_restart(store: Store, store_url: str) -> None:
    """A state that was replaced and an object that was removed are so for the next process too."""
    one, other = entry(1), entry(2)
    await store.registry.change(lambda registry: registry.add([one, other]))

    def change(registry: RegistryChange) -> None:
        registry.replace([one.with_status(urns.DEPRECATED)])
        registry.remove([other.id])

    await store.registry.change(change)
    await store.close()
    again = Store.open(store.data_dir, url=store_url)

    assert await again.registry.look(lambda registry: registry.by_ids([one.id, other.id])) == [
        one.with_status(urns.DEPRECATED)
    ]
    await again.close()


async def test_work_that_raises_leaves_nothing_and_harms_no_neighbour(store: Store) -> None:
    """Of many changes that share a commit, the one that fails is undone alone."""

    def failing(registry: RegistryChange) -> None:
        registry.add([entry(99)])
        raise LookupError("not this one")

    outcomes = await asyncio.gather(
        *(store.registry.change(adding(entry(number))) for number in range(1, 20)),
        store.registry.change(failing),
        *(store.registry.change(adding(entry(number))) for number in range(20, 40)),
        return_exceptions=True,
    )

    assert [str(each) for each in outcomes if each is not None] == ["not this one"]
    assert await store.registry.count() == {Kind.DOCUMENT_ENTRY: 39}


@pytest.mark.parametrize("size", [10, 300_000])
async def test_documents_of_a_refused_submission_are_not_kept(store: Store, size: int) -> None:
    """What the registry refuses, the repository does not have, in the database or as a file."""
    document = StoredDocument("d", "2.999.1", "text/plain", Content.of(bytes(size)))
    submission = Submission("2.999.7", PATIENT, "2.999.8", b"<m/>", (document,))

    def refused(registry: RegistryChange) -> None:
        registry.add([entry(1)])
        raise LookupError("refused")

    with pytest.raises(LookupError):
        await store.registry.provide(submission, refused, at=AT)

    assert await store.documents.get("2.999.1") is None
    assert await store.registry.count() == {}
    assert not [path for path in (store.data_dir / "content").glob("*/*") if path.is_file()]


async def test_a_registry_that_is_reset_is_empty(store: Store) -> None:
    """Nothing is left of the objects."""
    await store.registry.change(lambda registry: registry.add([entry(1)]))

    await store.registry.reset()

    assert await store.registry.count() == {}
