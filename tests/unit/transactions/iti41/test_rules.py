"""What the rules of ITI-41 say, of good submissions and of submissions that break one of them.

``tests/data/ITI-41/breaks.json`` has a row for each: the rule, the changes to a sample that break it (see Edits),
the path of the finding, its error code where it is not XDSRepositoryMetadataError, and the sample where it is not
the full one.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from lxml import etree

from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.iti41 import SPEC, ProvideAndRegisterRequest
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, Places

Sample = Callable[[str], Element]
Read = Callable[[Element], ProvideAndRegisterRequest]
Change = tuple[Any, ...]

RIM: Final = f"{{{ns.RIM}}}"
DOCUMENT: Final = f"{{{ns.XDSB}}}Document"
ROOT: Final = "/ProvideAndRegisterDocumentSetRequest"
BREAKS: Final = json.loads((Path(__file__).parents[4] / "tests/data/ITI-41/breaks.json").read_text("utf-8"))

#: What of the full sample is about documents that it provides.
WITH_DOCUMENTS: Final = ("Document01", "Document02", "Member01", "Member02", "InFolder01", "Member04", "Replace01")
#: Rules that nothing can break alone: a document that does not belong to an entry leaves an entry without one.
NOT_ALONE: Final[dict[str, Change]] = {
    "PNR-03": ("document id", 0, None),
    "PNR-05": ("document id", 0, "Document09"),
}


class Edits:
    """The changes that rows name by their first word."""

    def __init__(self, root: Element) -> None:
        self.root = root

    def apply(self, *changes: Change) -> None:
        """Change the message, one change after the other."""
        for word, *arguments in changes:
            getattr(self, word.replace(" ", "_"))(*arguments)

    def drop(self, object_id: str) -> None:
        """Take an object out."""
        found = self._object(object_id)
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    def twice(self, object_id: str) -> None:
        """Put a copy of an object beside it, with another id."""
        copied = deepcopy(self._object(object_id))
        copied.set("id", "again")
        self._object(object_id).addnext(copied)

    def attribute(self, object_id: str, name: str, value: str | None) -> None:
        """Give an attribute another value, or take it away."""
        _set(self._object(object_id), name, value)

    def title(self, object_id: str, value: str | None) -> None:
        """Give an object another name, or none."""
        found = self._object(object_id)
        name = found.find(RIM + "Name")
        assert name is not None
        if value is None:
            found.remove(name)
        else:
            name[0].set("value", value)

    def slot(self, object_id: str, name: str, *values: str) -> None:
        """Give a slot other values; without values, take it away."""
        found = self._object(object_id)
        for old in found.findall(RIM + "Slot"):
            if old.get("name") == name:
                found.remove(old)
        if values:
            new = etree.Element(RIM + "Slot", name=name)
            value_list = etree.SubElement(new, RIM + "ValueList")
            for value in values:
                etree.SubElement(value_list, RIM + "Value").text = value
            found.insert(0, new)

    def empty_slot(self, object_id: str, name: str) -> None:
        """Take the values out of a slot."""
        value_list = self._slot(object_id, name)[0]
        for value in list(value_list):
            value_list.remove(value)

    def slot_twice(self, object_id: str, name: str) -> None:
        """Put the same slot into an object again."""
        found = self._slot(object_id, name)
        found.addnext(deepcopy(found))

    def document_id(self, position: int, value: str | None) -> None:
        """Give a document another id, or none."""
        _set(self.root.findall(DOCUMENT)[position], "id", value)

    def document_text(self, position: int, value: str | None) -> None:
        """Give a document other bytes, or none."""
        self.root.findall(DOCUMENT)[position].text = value

    def document_twice(self) -> None:
        """Add a second document with the id of the first."""
        self.root.append(deepcopy(self.root.findall(DOCUMENT)[0]))

    def drop_document(self, position: int) -> None:
        """Take one document out."""
        self.root.remove(self.root.findall(DOCUMENT)[position])

    def no_documents(self) -> None:
        """Take all documents out."""
        for document in self.root.findall(DOCUMENT):
            self.root.remove(document)

    def only_document(self) -> None:
        """Take the metadata out."""
        self.root.remove(self.root[0])

    def _object(self, object_id: str) -> Element:
        return next(each for each in self.root.iter() if each.get("id") == object_id and each.tag != DOCUMENT)

    def _slot(self, object_id: str, name: str) -> Element:
        return next(each for each in self._object(object_id).findall(RIM + "Slot") if each.get("name") == name)


def _set(element: Element, name: str, value: str | None) -> None:
    if value is None:
        del element.attrib[name]
    else:
        element.set(name, value)


@pytest.fixture
def judged(sample: Sample, read: Read) -> Callable[..., list[Finding]]:
    """The findings on a sample after changes."""

    def judge(base: str, *changes: Change) -> list[Finding]:
        element = sample(base)
        Edits(element).apply(*changes)
        return SPEC.judge(read(element))

    return judge


@pytest.mark.parametrize("name", ["minimal", "full", "namespaces", "order"])
def test_good_submissions_have_no_finding(judged: Callable[..., list[Finding]], name: str) -> None:
    """Whatever the framework allows, no rule has anything to say of."""
    assert judged(name) == []


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case['rule']} {case['where']}")
def test_one_rule_speaks(judged: Callable[..., list[Finding]], case: dict[str, Any]) -> None:
    """A submission that breaks one rule gets that one finding, with its place and its error code."""
    findings = judged(case.get("base", "full"), *case["changes"])
    assert {finding.rule for finding in findings} == {case["rule"]}
    assert case["where"] in {finding.path for finding in findings}
    assert {finding.code for finding in findings} == {case.get("code", "XDSRepositoryMetadataError")}


@pytest.mark.parametrize("rule", NOT_ALONE)
def test_a_rule_speaks_with_another(judged: Callable[..., list[Finding]], rule: str) -> None:
    """A document without an entry, and the entry without a document, are two findings."""
    findings = judged("full", NOT_ALONE[rule])
    assert [(finding.rule, finding.path, finding.code) for finding in findings] == [
        (rule, f"{ROOT}/Document[1]/@id", "XDSMissingDocumentMetadata"),
        ("PNR-06", "Document01/Document", "XDSMissingDocument"),
    ]


def test_every_rule_is_broken_by_a_test() -> None:
    """No rule is without a message that breaks it, and no id is given twice."""
    ids = [rule.id for rule in SPEC.rules]
    assert {case["rule"] for case in BREAKS} | set(NOT_ALONE) == set(ids)
    assert len(set(ids)) == len(ids)


def test_rules_say_where_they_come_from() -> None:
    """Every rule names a section of the Technical Framework, a sentence and an error code."""
    for rule in SPEC.rules:
        assert rule.section.startswith("ITI TF-")
        assert rule.sentence
        assert rule.error_code
        assert "{" not in rule.error_code


def test_everything_at_once(judged: Callable[..., list[Finding]]) -> None:
    """All that is wrong is found in one go."""
    findings = judged(
        "full",
        ("drop", "Document01.c1"),
        ("slot", "Document02", "creationTime"),
        ("drop", "SubmissionSet01.i2"),
        ("title", "Folder01", None),
        ("drop document", 1),
    )
    assert [finding.rule for finding in findings] == ["PNR-06", "XDSM-13", "XDSM-15", "XDSM-47", "XDSM-66"]


def test_lenient_needs_a_document(judged: Callable[..., list[Finding]]) -> None:
    """In lenient mode a document is enough, and without one there is nothing to process."""
    bare, without = judged("minimal", ("only document",)), judged("minimal", ("no documents",))
    assert SPEC.rejecting(bare, strict=False) == []
    assert SPEC.rejecting(bare, strict=True)
    assert [found.rule for found in SPEC.rejecting(without, strict=False)] == ["PNR-01"]


def test_a_folder_may_come_without_documents(judged: Callable[..., list[Finding]]) -> None:
    """Where no entry is submitted, no document is missing; an entry without one still is refused."""
    assert judged("full", *(("drop", one) for one in WITH_DOCUMENTS), ("no documents",)) == []
    assert [one.rule for one in judged("full", ("no documents",))] == ["PNR-01"]


@pytest.mark.parametrize(
    "rule",
    [
        *("PNR-04", "PNR-06", "PNR-07", "PNR-08"),
        *("XDSM-05", "XDSM-75", "XDSM-76", "XDSM-81", "XDSM-82", "XDSM-83", "XDSM-86", "XDSM-88"),
        *("XDSM-91", "XDSM-92", "XDSM-93"),
    ],
)
def test_lenient_refuses_what_contradicts_itself(judged: Callable[..., list[Finding]], rule: str) -> None:
    """What no registry could hold is refused in lenient mode too."""
    for case in (case for case in BREAKS if case["rule"] == rule):
        findings = judged(case.get("base", "full"), *case["changes"])
        assert {found.rule for found in SPEC.rejecting(findings, strict=False)} == {rule}


def test_warnings_do_not_reject(judged: Callable[..., list[Finding]]) -> None:
    """A uniqueId that is no OID is worth a warning, and accepted in strict mode."""
    (finding,) = judged("full", ("attribute", "Document01.i2", "value", "urn:uuid:1"))
    assert finding.severity is Severity.WARNING
    assert SPEC.rejecting([finding], strict=True) == []


def test_a_hash_in_capitals_is_the_same(sample: Sample, read: Read) -> None:
    """The hash of the sample is written in capitals, and matches."""
    (first, _) = read(sample("full")).metadata.document_entries
    assert first.slot("hash").isupper()


def test_paths_lead_into_the_message(sample: Sample, read: Read) -> None:
    """An XPath in a finding is one that leads to a line of the message."""
    element = sample("full")
    Edits(element).apply(("document twice",))
    (finding,) = SPEC.judge(read(element))
    line = Places(element).line(finding.path)
    assert str(line) == str(element.findall(DOCUMENT)[0].sourceline)


def test_long_values_are_cut(judged: Callable[..., list[Finding]]) -> None:
    """A finding does not repeat ten thousand characters."""
    findings = judged("minimal", ("attribute", "Document01.i2", "value", "9" * 10_000))
    (got,) = [found.got for found in findings if found.rule == "XDSM-33"]
    assert len(got) < 300
    assert "10,000 characters" in got
