"""Registry objects to XML as text, at a fraction of what elements cost: for submissions, and the store that keeps them.

What it writes reads back as what ``writer`` writes does.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

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
from ihe_test_util.xml.memory import remembering

_BEGIN: Final = f'<rim:RegistryObjectList xmlns:rim="{ns.RIM}">'
_END: Final = "</rim:RegistryObjectList>"
_REQUEST: Final = f'<lcm:SubmitObjectsRequest xmlns:lcm="{ns.LCM}" xmlns:rim="{ns.RIM}"'
#: What ASCII texts must not hold to be written as they are, ampersands apart.
_SPECIAL: Final = bytes(range(0x20)) + b'"<>\x7f'

#: A classification or identifier without what is its own: its id, that of its owner, the value of an identifier.
_Rest: TypeAlias = tuple[Any, ...]
_REST_OF_CLASSIFICATION: Final = itemgetter(1, *range(3, len(Classification._fields)))
_REST_OF_IDENTIFIER: Final = itemgetter(1, *range(4, len(ExternalIdentifier._fields)))


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


def _are_plain(texts: Iterable[str], *, ampersands: bool = False) -> bool:
    """Whether texts can be written as they are, or once their ampersands are escaped; one look at all of them."""
    text = "".join(texts)
    if not text.isascii() or (not ampersands and "&" in text):
        return False
    return len(text.encode().translate(None, _SPECIAL)) == len(text)


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
    parts = _slots(item.slots) if item.slots else []
    if item.name:
        parts.append(_strings("Name", item.name))
    if item.description:
        parts.append(_strings("Description", item.description))
    if item.version is not None:
        parts.append(_version("VersionInfo", item.version))
    if item.classifications:
        parts += _classifications(item.id, item.classifications)
    if item.external_identifiers:
        parts += _external_identifiers(item.id, item.external_identifiers)
    return "".join(parts)


def _slots(slots: Sequence[Slot]) -> list[str]:
    if (
        any(len(slot.values) != 1 or slot.slot_type for slot in slots)
        or not _are_plain([slot.name for slot in slots])
        or not _are_plain([slot.values[0] for slot in slots], ampersands=True)
    ):
        return [_slot(slot) for slot in slots]
    return [
        f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value.replace("&", "&amp;")}</rim:Value></rim:ValueList>'
        "</rim:Slot>"
        for name, (value,), _ in slots
    ]


def _slot(slot: Slot) -> str:
    name, values, slot_type = slot
    kind = _attributes(slotType=slot_type) if slot_type else ""
    listed = "".join([f"<rim:Value>{content(value)}</rim:Value>" for value in values])
    return f'<rim:Slot name="{_esc(name)}"{kind}><rim:ValueList>{listed}</rim:ValueList></rim:Slot>'


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


def _classifications(owner: str, items: Sequence[Classification]) -> list[str]:
    if _are_plain([owner, *[one.id for one in items]]) and {one.classified_object for one in items} == {owner}:
        begin = f'" classifiedObject="{owner}"'
        return [f'<rim:Classification id="{one.id}{begin}{_code(_REST_OF_CLASSIFICATION(one))}' for one in items]
    return [
        f'<rim:Classification id="{_esc(one.id)}" classifiedObject="{_esc(one.classified_object)}"'
        f"{_code(_REST_OF_CLASSIFICATION(one))}"
        for one in items
    ]


@remembering(entries=1024, length=2048)
def _code(rest: _Rest) -> str:
    """What submissions have in common: the same codes come again and again."""
    scheme, *others = rest
    item = Classification("", scheme, "", *others)
    own = ""
    if item.scheme:
        own += f' classificationScheme="{_esc(item.scheme)}"'
    if item.node:
        own += f' classificationNode="{_esc(item.node)}"'
    if item.scheme or item.node_representation:
        # XDS wants the attribute on an author too, and there it is empty (ITI TF-3: 4.2.3.1.4).
        own += f' nodeRepresentation="{_esc(item.node_representation)}"'
    return f"{own}{_common_attributes(item)}>{_common(item)}</rim:Classification>"


def _external_identifiers(owner: str, items: Sequence[ExternalIdentifier]) -> list[str]:
    if (
        _are_plain([owner, *[one.id for one in items]])
        and _are_plain([one.value for one in items], ampersands=True)
        and {one.registry_object for one in items} == {owner}
    ):
        begin = f'" registryObject="{owner}" value="'
        return [
            f'<rim:ExternalIdentifier id="{one.id}{begin}{one.value.replace("&", "&amp;")}"'
            f"{_identifier(_REST_OF_IDENTIFIER(one))}"
            for one in items
        ]
    return [
        f'<rim:ExternalIdentifier id="{_esc(one.id)}" registryObject="{_esc(one.registry_object)}"'
        f' value="{_esc(one.value)}"{_identifier(_REST_OF_IDENTIFIER(one))}'
        for one in items
    ]


@remembering(entries=1024, length=2048)
def _identifier(rest: _Rest) -> str:
    """What submissions have in common: the schemes, names and types of their identifiers."""
    scheme, *others = rest
    item = ExternalIdentifier("", scheme, "", "", *others)
    return (
        f' identificationScheme="{_esc(item.scheme)}"{_common_attributes(item)}>{_common(item)}'
        "</rim:ExternalIdentifier>"
    )
