"""Objects for registries of tests, in few words."""

from collections.abc import Iterable
from itertools import count

from ihe_test_util.domain.registry.entry import Entry, Kind, in_registry
from ihe_test_util.xml.ebrim import (
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    LocalizedString,
    RegistryPackage,
    Slot,
    urns,
)

PATIENT = "P1^^^&2.999.1&ISO"
OTHER_PATIENT = "P2^^^&2.999.1&ISO"
SCHEME = "2.999.7"


def uuid(number: int) -> str:
    """A URN that is easily told from others."""
    return f"urn:uuid:00000000-0000-4000-8000-{number:012}"


def code(scheme: str, value: str, coding: str = SCHEME) -> Classification:
    """A coded attribute."""
    return Classification(
        id=f"c{value}",
        scheme=scheme,
        node_representation=value,
        slots=(Slot("codingScheme", (coding,)),),
        name=(LocalizedString(value),),
    )


def author(scheme: str, *persons: str) -> Classification:
    """An author."""
    return Classification(id="a", scheme=scheme, slots=(Slot("authorPerson", persons),))


def document(
    number: int,
    *parts: Classification | Slot,
    patient: str = PATIENT,
    status: str = urns.APPROVED,
    unique_id: str = "",
    lid: str = "",
    version: int = 1,
    on_demand: bool = False,
    title: str = "",
) -> Entry:
    """A document entry."""
    source = ExtrinsicObject(
        id=uuid(number),
        slots=tuple(part for part in parts if isinstance(part, Slot)),
        name=(LocalizedString(title),) if title else (),
        classifications=tuple(part for part in parts if isinstance(part, Classification)),
        external_identifiers=(
            ExternalIdentifier("p", urns.ENTRY_PATIENT_ID, uuid(number), patient),
            ExternalIdentifier("u", urns.ENTRY_UNIQUE_ID, uuid(number), unique_id or f"2.999.{number}"),
        ),
        object_type=urns.ON_DEMAND_DOCUMENT if on_demand else urns.STABLE_DOCUMENT,
        mime_type="text/plain",
    )
    return Entry.of(Kind.DOCUMENT_ENTRY, in_registry(source, lid=lid, version=version, status=status))


def package(
    kind: Kind,
    number: int,
    *parts: Classification | Slot,
    patient: str = PATIENT,
    status: str = urns.APPROVED,
    lid: str = "",
    version: int = 1,
    source_id: str = "2.999.3",
) -> Entry:
    """A submission set or a folder."""
    own = kind is Kind.SUBMISSION_SET
    identifiers = [
        ExternalIdentifier("p", urns.SET_PATIENT_ID if own else urns.FOLDER_PATIENT_ID, uuid(number), patient),
        ExternalIdentifier("u", urns.SET_UNIQUE_ID if own else urns.FOLDER_UNIQUE_ID, uuid(number), f"2.999.{number}"),
    ]
    if own:
        identifiers.append(ExternalIdentifier("s", urns.SET_SOURCE_ID, uuid(number), source_id))
    source = RegistryPackage(
        id=uuid(number),
        slots=tuple(part for part in parts if isinstance(part, Slot)),
        classifications=tuple(part for part in parts if isinstance(part, Classification)),
        external_identifiers=tuple(identifiers),
        object_type=urns.TYPE_REGISTRY_PACKAGE,
    )
    return Entry.of(kind, in_registry(source, lid=lid, version=version, status=status))


def submission_set(number: int, *parts: Classification | Slot, patient: str = PATIENT, source_id: str = "") -> Entry:
    """A submission set."""
    return package(Kind.SUBMISSION_SET, number, *parts, patient=patient, source_id=source_id or "2.999.3")


def folder(
    number: int,
    *parts: Classification | Slot,
    patient: str = PATIENT,
    status: str = urns.APPROVED,
    lid: str = "",
    version: int = 1,
) -> Entry:
    """A folder."""
    return package(Kind.FOLDER, number, *parts, patient=patient, status=status, lid=lid, version=version)


def link(number: int, kind: str, source: Entry, target: Entry, status: str = urns.APPROVED) -> Entry:
    """An association between two objects."""
    association = Association(
        id=uuid(number),
        association_type=kind,
        source=source.id,
        target=target.id,
        object_type=urns.TYPE_ASSOCIATION,
    )
    return Entry.of(Kind.ASSOCIATION, in_registry(association, status=status))


def members(first: int, parent: Entry, children: Iterable[Entry]) -> list[Entry]:
    """Memberships, numbered from ``first`` on."""
    numbers = count(first)
    return [link(next(numbers), urns.HAS_MEMBER, parent, child) for child in children]
