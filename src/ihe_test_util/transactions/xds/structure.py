"""What the framework demands of the objects of a submission: their kinds, ids, slots, classifications, identifiers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ihe_test_util.domain.xds.datatypes import is_uuid_urn
from ihe_test_util.domain.xds.metadata import Metadata, View
from ihe_test_util.transactions.card import NOTHING, Miss
from ihe_test_util.transactions.xds.base import (
    DUPLICATE_UNIQUE_ID,
    NONE,
    PATIENT_ID_DOES_NOT_MATCH,
    CarriesMetadata,
    MetadataRule,
    shown,
)
from ihe_test_util.xml.ebrim import Classification, ObjectRef, OtherObject, RegistryObject, Slot, urns

MAX_VALUE: Final = 256
_UUID_PREFIX: Final = "urn:uuid:"
_URN_PREFIX: Final = "urn:"
#: Names that IHE alone gives.
_IHE_PREFIX: Final = "urn:ihe:"
AUTHORS: Final = frozenset({urns.ENTRY_AUTHOR, urns.SET_AUTHOR})

#: Slots of the three kinds of objects; any other has a URN for its name (ITI TF-3: 4.2.3.1.6).
_ENTRY_SLOTS: Final = frozenset(
    {
        "creationTime",
        "documentAvailability",
        "hash",
        "languageCode",
        "legalAuthenticator",
        "repositoryUniqueId",
        "serviceStartTime",
        "serviceStopTime",
        "size",
        "sourcePatientId",
        "sourcePatientInfo",
        "URI",
        urns.REFERENCE_ID_LIST,
    }
)
_SET_SLOTS: Final = frozenset({"submissionTime", "intendedRecipient"})
_FOLDER_SLOTS: Final = frozenset({"lastUpdateTime"})


def _one_submission_set(request: CarriesMetadata) -> Sequence[Miss]:
    sets = request.metadata.submission_sets
    if len(sets) == 1 or not request.metadata.request.objects:
        return NONE  # that there are no metadata at all is for the transaction to say
    got = f"{len(sets)}: {', '.join(each.label for each in sets)}" if sets else "none"
    return (Miss("SubmissionSet", got, "exactly one RegistryPackage classified as XDSSubmissionSet"),)


def _marked(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    misses = [
        Miss(package.id or "RegistryPackage", "neither", "a Classification with one of the two classificationNodes")
        for package in metadata.unmarked
    ]
    bare = [
        (view, node)
        for views, node in ((metadata.submission_sets, urns.SUBMISSION_SET), (metadata.folders, urns.FOLDER))
        for view in views
        if not any(classification.node == node for classification in view.source.classifications)
    ]
    if bare:
        objects = metadata.request.objects
        marks = {(item.classified_object, item.node) for item in objects if isinstance(item, Classification)}
        misses += [
            Miss(f"{view.label}/classificationNode", want=node)
            for view, node in bare
            if (view.source.id, node) not in marks
        ]
    return misses


def _stable(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{entry.label}/objectType", shown(entry.source.object_type), urns.STABLE_DOCUMENT)
        for entry in request.metadata.document_entries
        if entry.source.object_type != urns.STABLE_DOCUMENT
    ]


def _with_ids(request: CarriesMetadata) -> Sequence[Miss]:
    if "" not in request.metadata.ids:
        return NONE
    return [
        Miss(f"{owner}/{kind}[{position}]/id", want="a urn:uuid: or any other text, each once")
        for owner, kind, position, found in _identified(request.metadata)
        if not found
    ]


def _unique_ids(request: CarriesMetadata) -> Sequence[Miss]:
    ids = request.metadata.ids
    return NONE if len(set(ids)) == len(ids) else _repeated(_outer_ids(request.metadata))


def _unique_inner_ids(request: CarriesMetadata) -> Sequence[Miss]:
    ids = request.metadata.ids
    if len(set(ids)) == len(ids):
        return NONE
    outer = {found for found, count in Counter(_outer_ids(request.metadata)).items() if count > 1}
    return _repeated(found for found in ids if found not in outer)


def _outer_ids(metadata: Metadata) -> list[str]:
    return [item.id for item in metadata.request.objects if isinstance(item, RegistryObject)]


def _repeated(ids: Iterable[str]) -> Sequence[Miss]:
    return [
        Miss(f"{found}/id", f"{count} objects of this id", "an id of its own for each object")
        for found, count in Counter(ids).items()
        if found and count > 1
    ]


def _uuid_form(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{found}/id", shown(found), "urn:uuid: and 8-4-4-4-12 lower-case hexadecimal digits")
        for found in request.metadata.ids
        if found[: len(_UUID_PREFIX)].lower() == _UUID_PREFIX and not is_uuid_urn(found)
    ]


def _distinct_slots(request: CarriesMetadata) -> Sequence[Miss]:
    misses: list[Miss] = []
    for label, slots in _slot_owners(request.metadata):
        if len(slots) == 1 and slots[0].name:
            continue
        names = [slot.name for slot in slots]
        if len(set(names)) != len(names) or "" in names:
            misses += _name_misses(label, Counter(names))
    return misses


def _name_misses(label: str, names: Counter[str]) -> Iterator[Miss]:
    for name, count in names.items():
        if not name:
            yield Miss(f"{label}/Slot", "a slot without a name", "a name")
        elif count > 1:
            yield Miss(f"{label}/{name}", f"{count} slots of this name", "one slot with all values")


def _slot_values(request: CarriesMetadata) -> Sequence[Miss]:
    misses: list[Miss] = []
    for label, slots in _slot_owners(request.metadata):
        for name, values, _ in slots:
            if len(values) == 1:
                if len(values[0]) <= MAX_VALUE:
                    continue
            elif not values:
                misses.append(Miss(f"{label}/{name}", "no value", "at least one value"))
            misses += [
                Miss(f"{label}/{name}", shown(value), f"at most {MAX_VALUE} characters")
                for value in values
                if len(value) > MAX_VALUE
            ]
    return misses


def _legal_slots(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    return [
        Miss(f"{view.label}/{name}", "an attribute that the framework does not know", "a URN that is not of urn:ihe:")
        for views, legal in (
            (metadata.document_entries, _ENTRY_SLOTS),
            (metadata.submission_sets, _SET_SLOTS),
            (metadata.folders, _FOLDER_SLOTS),
        )
        for view in views
        if not legal.issuperset(view.slots)
        for name in view.slots
        if name and name not in legal and not is_extra_slot(name)
    ]


def is_extra_slot(name: str) -> bool:
    """Whether a slot may have a name that the framework does not know: a URN, and none of IHE's."""
    return name.startswith(_URN_PREFIX) and not name.startswith(_IHE_PREFIX)


def _classified_objects(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{owner.id}/{one.id or 'Classification'}/classifiedObject", shown(one.classified_object), owner.id)
        for owner in _classified(request.metadata)
        for one in owner.classifications
        if one.classified_object != owner.id
    ]


def _codes(request: CarriesMetadata) -> Sequence[Miss]:
    misses: list[Miss] = []
    for owner in _classified(request.metadata):
        for one in owner.classifications:
            if one.scheme in AUTHORS or one.node or is_code(one):
                continue
            misses += _code_misses(f"{owner.id}/{one.id or 'Classification'}", one)
    return misses


def is_code(one: Classification) -> bool:
    """Whether a classification has a scheme, a code, a coding scheme, and a display name."""
    slots = one.slots
    return (
        one.scheme.startswith(_UUID_PREFIX)
        and bool(one.node_representation and one.name and one.name[0].value)
        and len(slots) == 1
        and slots[0].name == "codingScheme"
        and len(slots[0].values) == 1
        and 0 < len(slots[0].values[0]) <= MAX_VALUE
    )


def _code_misses(path: str, code: Classification) -> Iterator[Miss]:
    if not code.scheme.startswith(_UUID_PREFIX):
        got = shown(code.scheme) if code.scheme else NOTHING
        yield Miss(f"{path}/classificationScheme", got, "the urn:uuid: that says which attribute this is")
    if not code.node_representation:
        yield Miss(f"{path}/nodeRepresentation", want="the code")
    if not code.name or not code.name[0].value:
        yield Miss(f"{path}/Name", want="the display name of the code")
    schemes = [value for slot in code.slots if slot.name == "codingScheme" for value in slot.values]
    if len(schemes) != 1 or not schemes[0]:
        got = f"{len(schemes)} values" if len(schemes) > 1 else "nothing"
        yield Miss(f"{path}/codingScheme", got, "one slot with one value: the coding scheme")
    elif len(schemes[0]) > MAX_VALUE:
        yield Miss(f"{path}/codingScheme", shown(schemes[0]), f"at most {MAX_VALUE} characters")


def _registry_objects(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(
            f"{view.source.id}/{one.id or 'ExternalIdentifier'}/registryObject",
            shown(one.registry_object),
            view.source.id,
        )
        for view in request.metadata.views
        for one in view.source.external_identifiers
        if one.registry_object != view.source.id
    ]


def _identifier_names(request: CarriesMetadata) -> Sequence[Miss]:
    return [
        Miss(f"{view.source.id}/{one.id or 'ExternalIdentifier'}/Name", want="a name, as XDSDocumentEntry.uniqueId")
        for view in request.metadata.views
        for one in view.source.external_identifiers
        if not one.name or not one.name[0].value
    ]


def _one_patient(request: CarriesMetadata) -> Sequence[Miss]:
    metadata = request.metadata
    wanted = metadata.submission_sets[0].patient_id if metadata.submission_sets else ""
    if not wanted:
        return NONE
    return [
        Miss(f"{view.label}/patientId", shown(view.patient_id), f"{wanted!r}, as in the submission set")
        for view in metadata.views
        if view.patient_id != wanted and view.patient_id
    ]


def _own_unique_ids(request: CarriesMetadata) -> Sequence[Miss]:
    views: tuple[View, ...] = request.metadata.views
    ids = [view.unique_id for view in views]
    if len(set(ids)) == len(ids):
        return NONE
    counts = Counter(ids)
    return [
        Miss(
            f"{view.label}/uniqueId",
            f"{shown(view.unique_id)}, {counts[view.unique_id]} times",
            "a uniqueId of its own",
        )
        for view in views
        if view.unique_id and counts[view.unique_id] > 1
    ]


def _identified(metadata: Metadata) -> Iterator[tuple[str, str, int, str]]:
    """Owner, kind, position within the owner, and id of every object."""
    for position, item in enumerate(metadata.request.objects, start=1):
        if isinstance(item, ObjectRef | OtherObject):
            continue
        kind = type(item).__name__
        yield "RegistryObjectList", kind, position, item.id
        if isinstance(item, RegistryObject):
            owner = item.id or f"{kind}[{position}]"
            for number, classification in enumerate(item.classifications, start=1):
                yield owner, "Classification", number, classification.id
            for number, identifier in enumerate(item.external_identifiers, start=1):
                yield owner, "ExternalIdentifier", number, identifier.id


def _slot_owners(metadata: Metadata) -> list[tuple[str, tuple[Slot, ...]]]:
    """Label and slots of every object that has slots; not of codes, whose one slot has a rule of its own."""
    objects = [item for item in metadata.request.objects if isinstance(item, RegistryObject)]
    own = [(item.id, item.slots) for item in objects if item.slots]
    return own + [
        (item.id, one.slots)
        for item in objects
        for one in item.classifications
        if len(one.slots) > 1 or one.scheme in AUTHORS
    ]


def _classified(metadata: Metadata) -> Iterator[RegistryObject]:
    for item in metadata.request.objects:
        if isinstance(item, RegistryObject) and item.classifications:
            yield item


STRUCTURE_RULES: Final = (
    MetadataRule("XDSM-01", "ITI TF-3: 4.1.4", "a submission has exactly one submission set", _one_submission_set),
    MetadataRule(
        "XDSM-02", "ITI TF-3: 4.2.1", "a registry package is classified as submission set or as folder", _marked
    ),
    MetadataRule("XDSM-03", "ITI TF-3: 4.2.3.2.30", "a provided document is a stable one", _stable),
    MetadataRule("XDSM-04", "ITI TF-3: 4.2.3.1.5", "every object has an id", _with_ids),
    MetadataRule(
        "XDSM-05",
        "ITI TF-3: 4.2.3.1.5",
        "no two entries, packages or associations have the same id",
        _unique_ids,
        essential=True,
    ),
    MetadataRule("XDSM-06", "ITI TF-3: 4.2.3.1.5", "a UUID is written in lower case", _uuid_form),
    MetadataRule("XDSM-07", "ITI TF-3: 4.2.3.1", "the slots of an object have different names", _distinct_slots),
    MetadataRule("XDSM-08", "ITI TF-3: 4.2.3.1", "a slot has values of at most 256 characters", _slot_values),
    MetadataRule(
        "XDSM-09", "ITI TF-3: 4.2.3.1.6", "the name of an extra slot is a URN, and none of IHE's", _legal_slots
    ),
    MetadataRule(
        "XDSM-10", "ITI TF-3: 4.2.3.1.5", "a classification or identifier has an id of its own", _unique_inner_ids
    ),
    MetadataRule(
        "XDSM-71",
        "ITI TF-3: 4.2.3.1.2",
        "a classification names the object it stands in as the classified one",
        _classified_objects,
    ),
    MetadataRule(
        "XDSM-72", "ITI TF-3: 4.2.3.1.2", "a coded value has a code, a coding scheme and a display name", _codes
    ),
    MetadataRule(
        "XDSM-73",
        "ITI TF-3: 4.2.3.1.3",
        "an external identifier names the object it stands in as the identified one",
        _registry_objects,
    ),
    MetadataRule("XDSM-74", "ITI TF-3: 4.2.3.1.3", "an external identifier has a name", _identifier_names),
    MetadataRule(
        "XDSM-75",
        "ITI TF-3: 4.2.3.3.8",
        "all objects of a submission are of one patient",
        _one_patient,
        PATIENT_ID_DOES_NOT_MATCH,
        essential=True,
    ),
    MetadataRule(
        "XDSM-76",
        "ITI TF-3: 4.2.3.2.26",
        "no two objects have the same uniqueId",
        _own_unique_ids,
        DUPLICATE_UNIQUE_ID,
        essential=True,
    ),
)
