"""Registry objects to XML as text, at a third of what elements cost: for submissions, and the store that keeps them.

What it writes reads back as what ``writer`` writes does.
"""

from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim.model import (
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    InternationalString,
    ObjectList,
    RegistryObject,
    RegistryPackage,
    Slot,
    VersionInfo,
)
from ihe_test_util.xml.ebrim.reader import REGISTRY_OBJECT_LIST
from ihe_test_util.xml.ebrim.writer import write_objects, write_submit_objects
from ihe_test_util.xml.io import serialize
from ihe_test_util.xml.markup import attribute as _esc
from ihe_test_util.xml.markup import content, utf8

_BEGIN: Final = f'<rim:RegistryObjectList xmlns:rim="{ns.RIM}">'
_END: Final = "</rim:RegistryObjectList>"
_REQUEST: Final = f'<lcm:SubmitObjectsRequest xmlns:lcm="{ns.LCM}" xmlns:rim="{ns.RIM}"'


def object_as_xml(item: ExtrinsicObject | RegistryPackage | Association) -> bytes:
    """A rim:RegistryObjectList of one object, in UTF-8.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    if isinstance(item, RegistryPackage) and item.members:
        return _as_elements(item)  # nobody sends such, and what may stand inside is anything
    return utf8(f"{_BEGIN}{_text(item)}{_END}")


def submit_objects_as_xml(request: ObjectList) -> bytes:
    """An lcm:SubmitObjectsRequest in UTF-8, without a declaration.

    Raises:
        ValueError: a text that XML cannot carry.
        XmlMalformed: an OtherObject that does not hold XML.
    """
    texts: list[str] = []
    for item in request.objects:
        nested = isinstance(item, RegistryPackage) and item.members
        if nested or not isinstance(item, ExtrinsicObject | RegistryPackage | Association):
            return serialize(write_submit_objects(request), declaration=False)
        texts.append(_text(item))
    slots = "".join([_slot(slot) for slot in request.slots])
    space = f' xmlns:rs="{ns.RS}"' if slots else ""
    head = f"{_REQUEST}{space}{_attributes(id=request.id, comment=request.comment)}>"
    slot_list = f"<rs:RequestSlotList>{slots}</rs:RequestSlotList>" if slots else ""
    objects = f"<rim:RegistryObjectList>{''.join(texts)}{_END}" if texts else "<rim:RegistryObjectList/>"
    return utf8(f"{head}{slot_list}{objects}</lcm:SubmitObjectsRequest>")


def _text(item: ExtrinsicObject | RegistryPackage | Association) -> str:
    match item:
        case ExtrinsicObject():
            own = _attributes(mimeType=item.mime_type, isOpaque=item.is_opaque)
            return _object("ExtrinsicObject", item, own, _version("ContentVersionInfo", item.content_version))
        case RegistryPackage():
            return _object("RegistryPackage", item, "")
        case Association():
            own = (
                f' associationType="{_esc(item.association_type)}" sourceObject="{_esc(item.source)}"'
                f' targetObject="{_esc(item.target)}"'
            )
            return _object("Association", item, own)


def _as_elements(item: RegistryPackage) -> bytes:
    holder = etree.Element(REGISTRY_OBJECT_LIST, nsmap={"rim": ns.RIM})
    write_objects(holder, [item])
    return serialize(holder, declaration=False)


def _object(name: str, item: RegistryObject, own: str, last: str = "") -> str:
    return _element(name, f' id="{_esc(item.id)}"{own}{_common_attributes(item)}', _common(item) + last)


def _element(name: str, attributes: str, content: str) -> str:
    return f"<rim:{name}{attributes}>{content}</rim:{name}>" if content else f"<rim:{name}{attributes}/>"


def _attributes(**values: str) -> str:
    return "".join([f' {name}="{_esc(value)}"' for name, value in values.items() if value])


def _common_attributes(item: RegistryObject | Classification | ExternalIdentifier) -> str:
    text = f' objectType="{_esc(item.object_type)}"' if item.object_type else ""
    if item.status or item.lid or item.home:
        text += _attributes(home=item.home, lid=item.lid, status=item.status)
    return text


def _common(item: RegistryObject | Classification | ExternalIdentifier) -> str:
    parts = [_slot(slot) for slot in item.slots]
    if item.name:
        parts.append(_strings("Name", item.name))
    if item.description:
        parts.append(_strings("Description", item.description))
    if item.version is not None:
        parts.append(_version("VersionInfo", item.version))
    parts += [_classification(one) for one in item.classifications]
    parts += [_external_identifier(one) for one in item.external_identifiers]
    return "".join(parts)


def _slot(slot: Slot) -> str:
    kind = _attributes(slotType=slot.slot_type)
    values = "".join([f"<rim:Value>{content(value)}</rim:Value>" for value in slot.values])
    return f'<rim:Slot name="{_esc(slot.name)}"{kind}><rim:ValueList>{values}</rim:ValueList></rim:Slot>'


def _strings(name: str, strings: InternationalString) -> str:
    texts: list[str] = []
    for value, lang, charset in strings:
        more = f' xml:lang="{_esc(lang)}"' if lang else ""
        if charset:
            more += f' charset="{_esc(charset)}"'
        texts.append(f'<rim:LocalizedString value="{_esc(value)}"{more}/>')
    return f"<rim:{name}>{''.join(texts)}</rim:{name}>"


def _version(name: str, version: VersionInfo | None) -> str:
    if version is None:
        return ""
    return f"<rim:{name}{_attributes(versionName=version.name, comment=version.comment)}/>"


def _classification(item: Classification) -> str:
    own = f' id="{_esc(item.id)}" classifiedObject="{_esc(item.classified_object)}"'
    if item.scheme:
        own += f' classificationScheme="{_esc(item.scheme)}"'
    if item.node:
        own += f' classificationNode="{_esc(item.node)}"'
    if item.scheme or item.node_representation:
        # XDS wants the attribute on an author too, and there it is empty (ITI TF-3: 4.2.3.1.4).
        own += f' nodeRepresentation="{_esc(item.node_representation)}"'
    return _element("Classification", own + _common_attributes(item), _common(item))


def _external_identifier(item: ExternalIdentifier) -> str:
    own = (
        f' id="{_esc(item.id)}" registryObject="{_esc(item.registry_object)}"'
        f' identificationScheme="{_esc(item.scheme)}" value="{_esc(item.value)}"'
    )
    return _element("ExternalIdentifier", own + _common_attributes(item), _common(item))
