"""What registering a submission does to the registry (ITI TF-2: 3.42.4.1.3)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ihe_test_util.domain.registry.access import RegistryChange
from ihe_test_util.domain.registry.entry import Entry, HeldObject, Kind, in_registry
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.xml.ebrim import Association

_UUID: str = "urn:uuid:"


def register(metadata: Metadata, change: RegistryChange, *, new_uuid: Callable[[], str]) -> None:
    """Register the objects of a submission under the ids that the registry gives them."""
    change.add(entries_of(metadata, new_uuid=new_uuid))


def entries_of(metadata: Metadata, *, new_uuid: Callable[[], str]) -> list[Entry]:
    """The objects of a submission as first versions; symbolic ids are replaced by UUIDs everywhere."""
    kinds: list[tuple[Kind, HeldObject]] = [
        *((Kind.SUBMISSION_SET, one.source) for one in metadata.submission_sets),
        *((Kind.DOCUMENT_ENTRY, one.source) for one in metadata.document_entries),
        *((Kind.FOLDER, one.source) for one in metadata.folders),
        *((Kind.ASSOCIATION, one) for one in metadata.associations),
    ]
    ids = {source.id: _UUID + new_uuid() for _, source in kinds if not source.id.startswith(_UUID)}
    return [Entry.of(kind, in_registry(_renamed(source, ids, new_uuid))) for kind, source in kinds]


def _renamed(source: HeldObject, ids: Mapping[str, str], new_uuid: Callable[[], str]) -> HeldObject:
    new_id = ids.get(source.id, source.id)
    renamed = replace(
        source,
        id=new_id,
        classifications=tuple(
            one._replace(id=_UUID + new_uuid(), classified_object=new_id) for one in source.classifications
        ),
        external_identifiers=tuple(
            one._replace(id=_UUID + new_uuid(), registry_object=new_id) for one in source.external_identifiers
        ),
    )
    if isinstance(renamed, Association):
        return replace(
            renamed, source=ids.get(renamed.source, renamed.source), target=ids.get(renamed.target, renamed.target)
        )
    return renamed
