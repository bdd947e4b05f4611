"""Elements to ebRIM values: tolerant, in one pass; what is missing is empty, nothing raises."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Final, TypeAlias

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim.model import (
    AnyObject,
    Association,
    Classification,
    CommonFields,
    ExternalIdentifier,
    ExtrinsicObject,
    InternationalString,
    LocalizedString,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryPackage,
    Slot,
    VersionInfo,
)
from ihe_test_util.xml.io import Element

_RIM: Final = f"{{{ns.RIM}}}"
_SLOT: Final = _RIM + "Slot"
_NAME: Final = _RIM + "Name"
_CLASSIFICATION: Final = _RIM + "Classification"
_EXTERNAL_IDENTIFIER: Final = _RIM + "ExternalIdentifier"
_DESCRIPTION: Final = _RIM + "Description"
_VERSION_INFO: Final = _RIM + "VersionInfo"
_CONTENT_VERSION_INFO: Final = _RIM + "ContentVersionInfo"
_RARE_ATTRIBUTES: Final = frozenset({"status", "lid", "home"})
_LANG: Final = f"{{{ns.XML}}}lang"

SUBMIT_OBJECTS_REQUEST: Final = f"{{{ns.LCM}}}SubmitObjectsRequest"
REGISTRY_OBJECT_LIST: Final = _RIM + "RegistryObjectList"
REQUEST_SLOT_LIST: Final = f"{{{ns.RS}}}RequestSlotList"


def read_submit_objects(element: Element) -> ObjectList:
    """The content of an lcm:SubmitObjectsRequest."""
    objects: list[AnyObject] = []
    slots: list[Slot] = []
    for child in element:
        if child.tag == REGISTRY_OBJECT_LIST:
            objects += read_objects(child)
        elif child.tag == REQUEST_SLOT_LIST:
            slots += read_slots(child)
    return ObjectList(tuple(objects), tuple(slots), element.get("id", ""), element.get("comment", ""))


def read_objects(element: Element) -> tuple[AnyObject, ...]:
    """The objects of a rim:RegistryObjectList."""
    return tuple([_READERS.get(child.tag, _other)(child) for child in element])


def read_slots(element: Element) -> tuple[Slot, ...]:
    """The slots of a slot list, or any other parent of rim:Slot elements."""
    return tuple([_slot(child) for child in element if child.tag == _SLOT])


# Indexing an lxml element costs a third of iterating over it, and most slots and names have one value.


def _slot(element: Element) -> Slot:
    if len(element) == 1 and len(value_list := element[0]) == 1:
        values: tuple[str, ...] = (value_list[0].text or "",)
    else:
        values = tuple([value.text or "" for child in element for value in child])
    return Slot(element.get("name", ""), values, element.get("slotType", ""))


def _strings(element: Element) -> InternationalString:
    if len(element) == 1:
        return (_string(element[0]),)
    return tuple([_string(child) for child in element])


def _string(element: Element) -> LocalizedString:
    get = element.get
    return LocalizedString(get("value", ""), get(_LANG, ""), get("charset", ""))


def _classification(element: Element) -> Classification:
    slots: list[Slot] = []
    name: InternationalString = ()
    rare: list[Element] = []
    for child in list(element):
        tag = child.tag
        if tag == _SLOT:
            slots.append(_slot(child))
        elif tag == _NAME:
            name = _strings(child)
        else:
            rare.append(child)
    get = element.get
    usual = (
        get("id", ""),
        get("classificationScheme", ""),
        get("classifiedObject", ""),
        get("nodeRepresentation", ""),
        get("classificationNode", ""),
        tuple(slots),
        name,
        get("objectType", ""),
    )
    if rare or not _RARE_ATTRIBUTES.isdisjoint(element.keys()):
        return Classification(*usual, *_rare(element, rare))
    return Classification(*usual)


def _external_identifier(element: Element) -> ExternalIdentifier:
    slots: list[Slot] = []
    name: InternationalString = ()
    rare: list[Element] = []
    for child in list(element):
        tag = child.tag
        if tag == _NAME:
            name = _strings(child)
        elif tag == _SLOT:
            slots.append(_slot(child))
        else:
            rare.append(child)
    get = element.get
    usual = (
        get("id", ""),
        get("identificationScheme", ""),
        get("registryObject", ""),
        get("value", ""),
        tuple(slots),
        name,
        get("objectType", ""),
    )
    if rare or not _RARE_ATTRIBUTES.isdisjoint(element.keys()):
        return ExternalIdentifier(*usual, *_rare(element, rare))
    return ExternalIdentifier(*usual)


_Rare: TypeAlias = tuple[
    InternationalString,
    tuple[Classification, ...],
    tuple[ExternalIdentifier, ...],
    str,
    str,
    str,
    VersionInfo | None,
]


def _rare(element: Element, children: Iterable[Element]) -> _Rare:
    """What a classification or identifier may have and seldom has, in the order of the fields."""
    description: InternationalString = ()
    version: VersionInfo | None = None
    classifications: list[Classification] = []
    identifiers: list[ExternalIdentifier] = []
    for child in children:
        tag = child.tag
        if tag == _DESCRIPTION:
            description = _strings(child)
        elif tag == _VERSION_INFO:
            version = _version(child)
        elif tag == _CLASSIFICATION:
            classifications.append(_classification(child))
        elif tag == _EXTERNAL_IDENTIFIER:
            identifiers.append(_external_identifier(child))
    get = element.get
    return (
        description,
        tuple(classifications),
        tuple(identifiers),
        get("status", ""),
        get("lid", ""),
        get("home", ""),
        version,
    )


def _version(element: Element) -> VersionInfo:
    return VersionInfo(element.get("versionName", ""), element.get("comment", ""))


def _common(element: Element) -> CommonFields:
    """What every registry object has, in the order of the fields of RegistryObject."""
    slots: list[Slot] = []
    classifications: list[Classification] = []
    identifiers: list[ExternalIdentifier] = []
    name: InternationalString = ()
    description: InternationalString = ()
    version: VersionInfo | None = None
    for child in list(element):
        tag = child.tag
        if tag == _SLOT:
            slots.append(_slot(child))
        elif tag == _CLASSIFICATION:
            classifications.append(_classification(child))
        elif tag == _EXTERNAL_IDENTIFIER:
            identifiers.append(_external_identifier(child))
        elif tag == _NAME:
            name = _strings(child)
        elif tag == _DESCRIPTION:
            description = _strings(child)
        elif tag == _VERSION_INFO:
            version = _version(child)
    get = element.get
    return (
        get("id", ""),
        tuple(slots),
        name,
        description,
        tuple(classifications),
        tuple(identifiers),
        get("objectType", ""),
        get("status", ""),
        get("lid", ""),
        get("home", ""),
        version,
    )


def _extrinsic_object(element: Element) -> ExtrinsicObject:
    content = next(element.iterchildren(_CONTENT_VERSION_INFO), None)
    return ExtrinsicObject(
        *_common(element),
        element.get("mimeType", ""),
        element.get("isOpaque", ""),
        None if content is None else _version(content),
    )


def _registry_package(element: Element) -> RegistryPackage:
    members = [member for child in element.iterchildren(REGISTRY_OBJECT_LIST) for member in read_objects(child)]
    return RegistryPackage(*_common(element), tuple(members))


def _association(element: Element) -> Association:
    get = element.get
    return Association(*_common(element), get("associationType", ""), get("sourceObject", ""), get("targetObject", ""))


def _object_ref(element: Element) -> ObjectRef:
    get = element.get
    return ObjectRef(get("id", ""), get("home", ""), get("createReplica", ""), read_slots(element))


def _other(element: Element) -> OtherObject:
    # One prefix and the canonical form: the same object is the same bytes, whatever stood around it.
    holder = etree.Element(REGISTRY_OBJECT_LIST, nsmap={"rim": ns.RIM})
    holder.append(deepcopy(element))
    return OtherObject(etree.tostring(holder[0], method="c14n", exclusive=True, with_tail=False))


_READERS: Final[Mapping[object, Callable[[Element], AnyObject]]] = MappingProxyType(
    {
        _RIM + "ExtrinsicObject": _extrinsic_object,
        _RIM + "RegistryPackage": _registry_package,
        _RIM + "Association": _association,
        _CLASSIFICATION: _classification,
        _EXTERNAL_IDENTIFIER: _external_identifier,
        _RIM + "ObjectRef": _object_ref,
    }
)
