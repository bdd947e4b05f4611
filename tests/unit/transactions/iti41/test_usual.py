"""The quick look at submissions: whatever it lets pass, no rule has anything to say of."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

import pytest
from lxml import etree

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.transactions import iti41, iti42
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import SUBMIT_OBJECTS_REQUEST, urns
from ihe_test_util.xml.io import Element

Sample = Callable[[str], Element]
Read = Callable[[Element], iti41.ProvideAndRegisterRequest]

MUTATIONS: Final = 1500
RIM: Final = f"{{{ns.RIM}}}"
#: All rules, without the quick look.
BY_RULES: Final = replace(iti41.SPEC, is_usual=None)
REGISTERING_BY_RULES: Final = replace(iti42.SPEC, is_usual=None)
IS_USUAL: Final = iti41.SPEC.is_usual
IS_USUAL_TO_REGISTER: Final = iti42.SPEC.is_usual
UPPER_CASE: Final = "URN:UUID:6B5AEA1A-874D-4603-A4BC-96A0A7B38446"
VALUES: Final = (
    "",
    "x",
    "2.999",
    "urn:uuid:X",
    UPPER_CASE,
    "20260230",
    "1" * 257,
    urns.DEPRECATED,
    urns.FOLDER,
    urns.ENTRY_AUTHOR,
)


def without_folders(root: Element) -> Element:
    """A submission with all that is not a submission set, an entry or its membership taken out."""
    entries = {one.get("id") for one in root.iter(RIM + "ExtrinsicObject")}
    sets = set()
    for package in list(root.iter(RIM + "RegistryPackage")):
        if any(one.get("classificationNode") == urns.SUBMISSION_SET for one in package):
            sets.add(package.get("id"))
        else:
            remove(package)
    for link in list(root.iter(RIM + "Association")):
        if link.get("sourceObject") not in sets or link.get("targetObject") not in entries:
            remove(link)
    for other in (*root.iter(RIM + "ObjectRef"), *root.iterfind(f".//{RIM}RegistryObjectList/{RIM}Classification")):
        remove(other)
    return root


def remove(element: Element) -> None:
    """Take an element out."""
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def mutations(root: Element) -> Iterator[Element]:
    """The message with one thing of it changed: left out, doubled, or another value; as many as take a few seconds."""
    possible = [(number, edit) for number, element in enumerate(root.iter()) for edit in edits(element)]
    chance = random.Random(20261122)  # noqa: S311 - reproducible, not secret
    for number, edit in chance.sample(possible, min(len(possible), MUTATIONS)):
        changed = deepcopy(root)
        edit(next(islice(changed.iter(), number, None)))
        yield changed


def edits(element: Element) -> Iterator[Callable[[Element], None]]:
    """What may be changed of an element."""
    if element.getparent() is not None:
        yield remove
        yield double
    for name in map(str, element.keys()):
        yield partial(forget, name)
        for value in VALUES:
            yield partial(put, name, value)
    for name in ("lid", "home", "status", "classificationNode"):
        if element.get(name) is None:
            yield partial(put, name, "urn:oid:2.999")
    if element.tag == RIM + "Value":
        for value in VALUES:
            yield partial(say, value)


def double(element: Element) -> None:
    """Put a copy beside an element."""
    element.addnext(deepcopy(element))


def forget(name: str, element: Element) -> None:
    """Take an attribute from an element."""
    del element.attrib[name]


def put(name: str, value: str, element: Element) -> None:
    """Give an element an attribute."""
    element.set(name, value)


def say(value: str, element: Element) -> None:
    """Give an element another text."""
    element.text = value


@pytest.fixture(params=["minimal", "full"])
def usual(request: pytest.FixtureRequest, sample: Sample, read: Read) -> Element:
    """A submission that is usual."""
    root = without_folders(sample(request.param))
    assert IS_USUAL is not None
    assert IS_USUAL(read(root))
    return root


@pytest.mark.timeout(300)
def test_nothing_usual_breaks_a_rule(usual: Element, read: Read) -> None:
    """Whatever is changed of a usual submission, it is no longer usual where a rule has something to say of it."""
    assert IS_USUAL is not None
    still = others = 0  # of the messages changed
    for changed in mutations(usual):
        request = read(changed)
        if IS_USUAL(request):
            still += 1
            assert BY_RULES.judge(request) == []
        else:
            others += 1
    assert still
    assert others


def test_nothing_usual_breaks_a_rule_of_registries(usual: Element) -> None:
    """The same holds of what a repository registers, which says where a document is, its size and its hash."""
    submit = deepcopy(next(usual.iter(SUBMIT_OBJECTS_REQUEST)))
    for entry in submit.iter(RIM + "ExtrinsicObject"):
        said = {slot.get("name") for slot in entry}
        for name, value in (("repositoryUniqueId", "2.999.1.2"), ("hash", "0" * 40), ("size", "1")):
            if name not in said:
                slot = etree.SubElement(entry, RIM + "Slot", name=name)
                etree.SubElement(etree.SubElement(slot, RIM + "ValueList"), RIM + "Value").text = value
    assert IS_USUAL_TO_REGISTER is not None
    assert IS_USUAL_TO_REGISTER(iti42.RegisterRequest(Metadata.read(submit)))
    for changed in mutations(submit):
        request = iti42.RegisterRequest(Metadata.read(changed))
        if IS_USUAL_TO_REGISTER(request):
            assert REGISTERING_BY_RULES.judge(request) == []


@pytest.mark.parametrize("prefix", ["URN:UUID:", "Urn:uuid:", "urn:UUID:"])
def test_a_uuid_in_capitals_is_left_to_the_rules(usual: Element, read: Read, prefix: str) -> None:
    """An id that is a UUID whatever the case of its prefix is wrong, everywhere in a submission that is right else."""
    entry = next(usual.iter(RIM + "ExtrinsicObject"))
    old = entry.get("id", "")
    new = f"{prefix}3F2504E0-4F89-41D3-9A0C-0305E82C3301"
    for element in usual.iter():
        for name, value in element.items():
            if value == old:
                element.set(name, new)

    request = read(usual)

    assert {finding.rule for finding in BY_RULES.judge(request)} == {"XDSM-06"}
    assert {finding.rule for finding in iti41.SPEC.judge(request)} == {"XDSM-06"}
