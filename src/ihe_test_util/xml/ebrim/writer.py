"""ebRIM values to elements, in the order and with the attributes that the schema demands."""

from collections.abc import Iterable
from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim.model import (
    AnyObject,
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    InternationalString,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryObject,
    RegistryPackage,
    Slot,
    VersionInfo,
)
from ihe_test_util.xml.ebrim.reader import REGISTRY_OBJECT_LIST, REQUEST_SLOT_LIST, SUBMIT_OBJECTS_REQUEST
from ihe_test_util.xml.io import Element, parse

_RIM: Final = f"{{{ns.RIM}}}"
_LANG: Final = f"{{{ns.XML}}}lang"
_PREFIXES: Final = {"lcm": ns.LCM, "rim": ns.RIM}
_PREFIXES_WITH_SLOTS: Final = {**_PREFIXES, "rs": ns.RS}


def write_submit_objects(request: ObjectList, parent: Element | None = None) -> Element:
    """An lcm:SubmitObjectsRequest, the root of a new tree or the last child of ``parent``."""
    prefixes = _PREFIXES_WITH_SLOTS if request.slots else _PREFIXES
    if parent is None:
        element = etree.Element(SUBMIT_OBJECTS_REQUEST, nsmap=prefixes)
    else:
        element = etree.SubElement(parent, SUBMIT_OBJECTS_REQUEST, nsmap=prefixes)
    _set(element, id=request.id, comment=request.comment)
    if request.slots:
        write_slots(etree.SubElement(element, REQUEST_SLOT_LIST), request.slots)
    write_objects(etree.SubElement(element, REGISTRY_OBJECT_LIST), request.objects)
    return element


def write_objects(parent: Element, objects: Iterable[AnyObject]) -> None:
    """Append objects to a rim:RegistryObjectList.

    Raises:
        XmlMalformed: an OtherObject that does not hold XML.
    """
    for item in objects:
        match item:
            case ExtrinsicObject():
                _extrinsic_object(parent, item)
            case RegistryPackage():
                _registry_package(parent, item)
            case Association():
                _association(parent, item)
            case Classification():
                _classification(parent, item)
            case ExternalIdentifier():
                _external_identifier(parent, item)
            case ObjectRef():
                element = etree.SubElement(parent, _RIM + "ObjectRef", id=item.id)
                _set(element, home=item.home, createReplica=item.create_replica)
                write_slots(element, item.slots)
            case OtherObject():
                parent.append(parse(item.xml, what="registry object"))


def write_slots(parent: Element, slots: Iterable[Slot]) -> None:
    """Append slots to a slot list or to an object."""
    for slot in slots:
        element = etree.SubElement(parent, _RIM + "Slot", name=slot.name)
        if slot.slot_type:
            element.set("slotType", slot.slot_type)
        value_list = etree.SubElement(element, _RIM + "ValueList")
        for value in slot.values:
            etree.SubElement(value_list, _RIM + "Value").text = value


def _set(element: Element, **attributes: str) -> None:
    """Set the attributes that are not empty."""
    for name, value in attributes.items():
        if value:
            element.set(name, value)


def _strings(parent: Element, name: str, strings: InternationalString) -> None:
    if not strings:
        return
    element = etree.SubElement(parent, _RIM + name)
    for string in strings:
        text = etree.SubElement(element, _RIM + "LocalizedString", value=string.value)
        if string.lang:
            text.set(_LANG, string.lang)
        if string.charset:
            text.set("charset", string.charset)


def _version(parent: Element, name: str, version: VersionInfo | None) -> None:
    if version is not None:
        _set(etree.SubElement(parent, _RIM + name), versionName=version.name, comment=version.comment)


def _common(element: Element, item: RegistryObject | Classification | ExternalIdentifier) -> None:
    _set(element, home=item.home, lid=item.lid, objectType=item.object_type, status=item.status)
    write_slots(element, item.slots)
    _strings(element, "Name", item.name)
    _strings(element, "Description", item.description)
    _version(element, "VersionInfo", item.version)
    for classification in item.classifications:
        _classification(element, classification)
    for identifier in item.external_identifiers:
        _external_identifier(element, identifier)


def _classification(parent: Element, item: Classification) -> None:
    element = etree.SubElement(parent, _RIM + "Classification", id=item.id, classifiedObject=item.classified_object)
    _set(element, classificationScheme=item.scheme, classificationNode=item.node)
    if item.scheme or item.node_representation:
        # XDS wants the attribute on an author too, and there it is empty (ITI TF-3: 4.2.3.1.4).
        element.set("nodeRepresentation", item.node_representation)
    _common(element, item)


def _external_identifier(parent: Element, item: ExternalIdentifier) -> None:
    element = etree.SubElement(
        parent,
        _RIM + "ExternalIdentifier",
        id=item.id,
        registryObject=item.registry_object,
        identificationScheme=item.scheme,
        value=item.value,
    )
    _common(element, item)


def _extrinsic_object(parent: Element, item: ExtrinsicObject) -> None:
    element = etree.SubElement(parent, _RIM + "ExtrinsicObject", id=item.id)
    _set(element, mimeType=item.mime_type, isOpaque=item.is_opaque)
    _common(element, item)
    _version(element, "ContentVersionInfo", item.content_version)


def _registry_package(parent: Element, item: RegistryPackage) -> None:
    element = etree.SubElement(parent, _RIM + "RegistryPackage", id=item.id)
    _common(element, item)
    if item.members:
        write_objects(etree.SubElement(element, REGISTRY_OBJECT_LIST), item.members)


def _association(parent: Element, item: Association) -> None:
    element = etree.SubElement(
        parent,
        _RIM + "Association",
        id=item.id,
        associationType=item.association_type,
        sourceObject=item.source,
        targetObject=item.target,
    )
    _common(element, item)
