"""What transactions that register first versions do not take: updates, and limited metadata (ITI TF-3: 4.2.1)."""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.domain.xds.metadata import View, slots_by_name
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.xds.base import NONE, CarriesMetadata, MetadataRule, shown
from ihe_test_util.xml.ebrim import urns

PREVIOUS_VERSION: Final = "PreviousVersion"
_UPDATES: Final = frozenset({urns.UPDATE_AVAILABILITY_STATUS, urns.SUBMIT_ASSOCIATION, urns.NON_VERSIONING_UPDATE})
#: What a first version may say that it is; 1.1 is what ebRS calls it.
FIRST_VERSIONS: Final = frozenset({"", "1", "1.1"})
_LIMITED: Final = frozenset({urns.ENTRY_LIMITED_METADATA, urns.SET_LIMITED_METADATA, urns.FOLDER_LIMITED_METADATA})
_SECTION: Final = "ITI TF-2: 3.42.4.1.2"


def _no_operations(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{one.id or 'Association'}/associationType", shown(one.association_type), "no operation of ITI-57")
        for one in request.metadata.associations
        if one.association_type in _UPDATES
    ]


def _no_previous_version(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{one.id or 'Association'}/{PREVIOUS_VERSION}", "a version to be updated", "no such slot")
        for one in request.metadata.associations
        if one.slots and PREVIOUS_VERSION in slots_by_name(one.slots)
    ]


def _first_versions(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    misses: list[Miss] = []
    for item in (*(view.source for view in metadata.views), *metadata.associations):
        if item.lid and item.lid != item.id:
            misses.append(Miss(f"{item.id}/logicalID", shown(item.lid), "none, or the id of the object"))
        if item.version is not None and item.version.name not in FIRST_VERSIONS:
            misses.append(Miss(f"{item.id}/version", shown(item.version.name), "none, or 1"))
    return misses


def _not_limited(request: CarriesMetadata) -> Sequence[Miss]:
    views: tuple[View, ...] = request.metadata.views
    misses = [
        Miss(f"{view.label}/limitedMetadata", f"a classification under {one.node}", "none")
        for view in views
        for one in view.source.classifications
        if one.node and one.node in _LIMITED
    ]
    return misses or NONE


FIRST_VERSION_RULES: Final = (
    MetadataRule(
        "XDSM-91", _SECTION, "a registering submission holds no operation that updates", _no_operations, essential=True
    ),
    MetadataRule(
        "XDSM-92", _SECTION, "a member that is registered has no PreviousVersion", _no_previous_version, essential=True
    ),
    MetadataRule(
        "XDSM-93",
        _SECTION,
        "an object that is registered is the first version of itself",
        _first_versions,
        essential=True,
    ),
    MetadataRule(
        "XDSM-94",
        "ITI TF-3: 4.3.1",
        "limited metadata are for recipients, not for registries",
        _not_limited,
        severity=Severity.WARNING,
    ),
)
