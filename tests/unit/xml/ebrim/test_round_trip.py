"""ebRIM values to XML and back: nothing is lost."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    LocalizedString,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryPackage,
    Slot,
    VersionInfo,
    object_as_xml,
    read_objects,
    read_submit_objects,
    submit_objects_as_xml,
    write_objects,
    write_submit_objects,
)
from ihe_test_util.xml.io import Element, parse, serialize

LIST: Final = f"{{{ns.RIM}}}RegistryObjectList"

# What XML can say at all: no control characters but white space, no surrogates, no non-characters.
ANY_TEXT: Final = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
)
TEXTS: Final = st.sampled_from(["", "a", "urn:uuid:1", " b\tc\r\nd ", "<&>\"']]>", "Zoë 退院 🏥 \u202eabc"])
NAMES: Final = st.lists(st.builds(LocalizedString, TEXTS, st.sampled_from(["", "en", "de-CH"]), TEXTS), max_size=2).map(
    tuple
)
SLOTS: Final = st.lists(st.builds(Slot, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), TEXTS), max_size=3).map(tuple)
VERSIONS: Final = st.none() | st.builds(VersionInfo, TEXTS, TEXTS)


PART: Final = {
    "id": TEXTS,
    "scheme": TEXTS,
    "slots": SLOTS,
    "name": NAMES,
    "object_type": TEXTS,
    "description": NAMES,
    "status": TEXTS,
    "lid": TEXTS,
    "home": TEXTS,
    "version": VERSIONS,
}
NOTHING: Final[st.SearchStrategy[tuple[()]]] = st.just(())
CODE: Final = {**PART, "classified_object": TEXTS, "node_representation": TEXTS, "node": TEXTS}
BARE_CODE: Final = st.builds(Classification, **CODE, classifications=NOTHING, external_identifiers=NOTHING)
IDENTIFIER: Final = st.builds(
    ExternalIdentifier,
    **PART,
    registry_object=TEXTS,
    value=TEXTS,
    classifications=NOTHING | st.tuples(BARE_CODE),
    external_identifiers=NOTHING,
)
CLASSIFICATION: Final = st.builds(
    Classification,
    **CODE,
    classifications=NOTHING | st.tuples(BARE_CODE),
    external_identifiers=NOTHING | st.tuples(IDENTIFIER),
)
CLASSIFICATIONS: Final = st.lists(CLASSIFICATION, max_size=2).map(tuple)
IDENTIFIERS: Final = st.lists(IDENTIFIER, max_size=2).map(tuple)
COMMON: Final = {
    "id": TEXTS,
    "slots": SLOTS,
    "name": NAMES,
    "description": NAMES,
    "classifications": CLASSIFICATIONS,
    "external_identifiers": IDENTIFIERS,
    "object_type": TEXTS,
    "status": TEXTS,
    "lid": TEXTS,
    "home": TEXTS,
    "version": VERSIONS,
}
ENTRIES: Final = st.builds(ExtrinsicObject, **COMMON, mime_type=TEXTS, is_opaque=TEXTS, content_version=VERSIONS)
OBJECTS: Final[st.SearchStrategy[AnyObject]] = st.one_of(
    ENTRIES,
    st.builds(RegistryPackage, **COMMON, members=st.lists(ENTRIES, max_size=2).map(tuple)),
    st.builds(Association, **COMMON, association_type=TEXTS, source=TEXTS, target=TEXTS),
    CLASSIFICATION,
    IDENTIFIER,
    st.builds(ObjectRef, TEXTS, TEXTS, TEXTS, SLOTS),
)


@given(ANY_TEXT)
def test_any_text_survives(text: str) -> None:
    """Every text that XML can hold comes back as it was, from attributes and from values."""
    request = ObjectList((ExtrinsicObject(text, (Slot(text, (text,)),), (LocalizedString(text),)),))
    assert read_submit_objects(parse(serialize(write_submit_objects(request)))) == request


@given(st.builds(ObjectList, st.lists(OBJECTS, max_size=2).map(tuple), SLOTS, TEXTS, TEXTS))
def test_whatever_is_written_is_read_back(request: ObjectList) -> None:
    """Every object survives XML, with all its attributes and parts, nested and empty ones too."""
    assert read_submit_objects(parse(serialize(write_submit_objects(request)))) == request


@given(
    st.one_of(
        ENTRIES,
        st.builds(RegistryPackage, **COMMON, members=st.lists(ENTRIES, max_size=1).map(tuple)),
        st.builds(Association, **COMMON, association_type=TEXTS, source=TEXTS, target=TEXTS),
    )
)
def test_text_says_what_elements_say(item: ExtrinsicObject | RegistryPackage | Association) -> None:
    """An object written as text is the same XML as one written as elements, and reads back as it was."""
    holder = etree.Element(LIST, nsmap={"rim": ns.RIM})
    write_objects(holder, [item])

    written = object_as_xml(item)

    assert written.startswith(f'<rim:RegistryObjectList xmlns:rim="{ns.RIM}">'.encode())
    assert read_objects(parse(written)) == (item,)
    assert etree.tostring(parse(written), method="c14n") == etree.tostring(holder, method="c14n")


@given(st.builds(ObjectList, st.lists(OBJECTS, max_size=2).map(tuple), SLOTS, TEXTS, TEXTS))
def test_a_request_as_text_says_what_its_elements_say(request: ObjectList) -> None:
    """A request written as text is the same XML as one written as elements, whatever is in it."""
    written = submit_objects_as_xml(request)

    assert etree.tostring(parse(written), method="c14n") == etree.tostring(write_submit_objects(request), method="c14n")


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.sampled_from(["Document01", "<&>", "Zoë"]))
def test_usual_objects_are_written_as_elements_are(texts: tuple[str, str, str], owner: str) -> None:
    """Parts that name the object they stand in, of one value each, are the same XML too, whatever they say."""
    own_id, name, value = texts
    item = ExtrinsicObject(
        owner,
        (Slot("hash", (value,)), Slot(name or "size", ("id^^^&2.999&ISO",))),
        classifications=(Classification(own_id, "scheme", owner, "code", slots=(Slot(name, (value,)),)),) * 2,
        external_identifiers=(ExternalIdentifier(own_id, "scheme", owner, value, name=(LocalizedString(name),)),),
    )
    holder = etree.Element(LIST, nsmap={"rim": ns.RIM})
    write_objects(holder, [item])

    assert etree.tostring(parse(object_as_xml(item)), method="c14n") == etree.tostring(holder, method="c14n")


@given(ANY_TEXT)
def test_any_text_survives_as_text(text: str) -> None:
    """Every text that XML can hold comes back as it was."""
    item = ExtrinsicObject(text, (Slot(text, (text,)),), (LocalizedString(text),))
    assert read_objects(parse(object_as_xml(item))) == (item,)


@pytest.mark.parametrize("text", ["\0", "\x1b", "\ud800", "\ufffe"])
def test_what_xml_cannot_carry_is_refused(text: str) -> None:
    """Rather than written so that nobody can read it."""
    with pytest.raises(ValueError, match="XML cannot carry"):
        object_as_xml(ExtrinsicObject(text))


def test_objects_that_xds_does_not_use_are_kept() -> None:
    """An object of a kind that has no meaning in XDS stands in the same place after a round trip."""
    objects = read_objects(_list_of("<ObjectRef id='a'/><Organization id='o'><Address/></Organization><x:y/>"))
    assert isinstance(objects[1], OtherObject)
    written = write_submit_objects(ObjectList(objects))
    assert [str(child.tag).rpartition("}")[2] for child in written[0]] == ["ObjectRef", "Organization", "y"]
    assert read_submit_objects(parse(serialize(written))).objects == objects


def _list_of(xml: str) -> Element:
    return parse(f'<l xmlns="{ns.RIM}" xmlns:x="urn:example:x">{xml}</l>'.encode())


@pytest.mark.parametrize(
    "xml",
    [
        "<ExtrinsicObject/>",
        "<ExtrinsicObject><Slot/><Name/><Classification/><ExternalIdentifier/></ExtrinsicObject>",
        "<ExtrinsicObject><Slot><ValueList/></Slot><x:Slot/>text</ExtrinsicObject>",
        "<RegistryPackage><RegistryObjectList><Association/></RegistryObjectList></RegistryPackage>",
        "<Association><Slot><ValueList><Value/></ValueList><ValueList><Value/></ValueList></Slot></Association>",
        "<x:ExtrinsicObject/>",
    ],
)
def test_what_is_missing_is_empty(xml: str) -> None:
    """No absence makes metadata unreadable."""
    (read,) = read_objects(_list_of(xml))
    assert isinstance(read, OtherObject) or read.id == ""


def test_a_slot_after_a_classification_belongs_to_the_object() -> None:
    """Children in another order than the schema's are still those of their parent."""
    (read,) = read_objects(
        _list_of(
            "<ExtrinsicObject><Classification><Slot name='inner'/></Classification>"
            "<Slot name='outer'/></ExtrinsicObject>"
        )
    )
    assert isinstance(read, ExtrinsicObject)
    assert [slot.name for slot in read.slots] == ["outer"]
    assert [slot.name for slot in read.classifications[0].slots] == ["inner"]


def test_a_deep_nest_is_read() -> None:
    """As deep as the parser lets XML be, reading goes too."""
    depth = 120
    nested = "<RegistryPackage><RegistryObjectList>" * depth + "</RegistryObjectList></RegistryPackage>" * depth
    (read,) = read_objects(_list_of(nested))
    assert isinstance(read, RegistryPackage)


def test_an_author_has_an_empty_node_representation() -> None:
    """XDS wants nodeRepresentation on an author, and empty."""
    author = Classification("a", "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d", "Document01")
    (written,) = write_submit_objects(ObjectList((author,)))[0]
    assert written.get("nodeRepresentation") == ""
    assert etree.QName(written).localname == "Classification"
    assert LIST.endswith("RegistryObjectList")
