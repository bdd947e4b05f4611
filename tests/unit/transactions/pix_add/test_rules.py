"""What the rules of an ITI-44 add say, of good messages and of messages that break exactly one of them."""

from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import NamedTuple

import pytest

from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.pix_add import SPEC, PixAddRequest
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.io import Element, Places, parse

Sample = Callable[[str], Element]
Read = Callable[[Element], PixAddRequest]

ACT = "controlActProcess"
EVENT = f"{ACT}/subject/registrationEvent"
PATIENT = f"{EVENT}/subject1/patient"
PERSON = f"{PATIENT}/patientPerson"
OTHER = f"{PERSON}/asOtherIDs"
SENDER = "sender/device"
RECEIVER = "receiver/device"


class Break(NamedTuple):
    """A change to a sample that breaks one rule: attributes to set (None: to take away), or an element to drop.

    ``where`` is the finding's path, by default that of the element, ``@`` and the first attribute.
    """

    rule: str
    path: str
    change: dict[str, str | None] | str
    got: str
    where: str = ""
    base: str = "full"

    @property
    def expected_path(self) -> str:
        """The path that the finding must have."""
        if self.where:
            return f"/PRPA_IN201301UV02/{self.where}"
        steps = "/".join(["PRPA_IN201301UV02", *([self.path] if self.path else [])])
        return f"/{steps}/@{next(iter(self.change))}" if isinstance(self.change, dict) else f"/{steps}"


BREAKS = (
    Break("PIXF-01", "id", {"root": None}, "nothing"),
    Break("PIXF-01", "id", {"root": "MESSAGE.17"}, "'MESSAGE.17' (neither a UUID nor an OID)"),
    Break("PIXF-01", "id", {"root": "urn:uuid:x"}, "'urn:uuid:x' (the prefix belongs in URIs only)"),
    Break("PIXF-01", "id", "drop", "nothing", "id/@root"),
    Break("PIXF-02", "creationTime", {"value": None}, "nothing"),
    Break("PIXF-02", "creationTime", "drop", "nothing", "creationTime/@value"),
    Break("PIXF-03", "creationTime", {"value": "20230229120000"}, "'20230229120000' (there is no such day)"),
    Break("PIXF-03", "creationTime", {"value": "20240229240000"}, "'20240229240000' (there is no such time of day)"),
    Break(
        "PIXF-03",
        "creationTime",
        {"value": "2024-02-29T12:00:00Z"},
        "'2024-02-29T12:00:00Z' (it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that)",
    ),
    Break("PIXF-04", "creationTime", {"value": "20240229"}, "'20240229'"),
    Break("PIXF-04", "creationTime", {"value": "202402291200+0100"}, "'202402291200+0100'"),
    Break("PIXF-05", "interactionId", {"extension": "PRPA_IN201302UV02"}, "'PRPA_IN201302UV02'"),
    Break("PIXF-05", "interactionId", {"root": "2.16.840.1.113883"}, "'2.16.840.1.113883'"),
    Break("PIXF-05", "interactionId", "drop", "nothing"),
    Break("PIXF-06", "processingCode", {"code": "X"}, "'X'"),
    Break("PIXF-07", "processingModeCode", {"code": "A"}, "'A'"),
    Break("PIXF-08", "acceptAckCode", {"code": "NE"}, "'NE'"),
    Break("PIXF-09", "receiver", "drop", "0 receivers", "receiver"),
    Break("PIXF-09", "receiver", "twice", "2 receivers", "receiver[2]"),
    Break("PIXF-10", f"{RECEIVER}/id", {"extension": "PIX"}, "'PIX'"),
    Break(
        "PIXF-10",
        f"{RECEIVER}/id",
        {"root": "urn:oid:2.999.1"},
        "'urn:oid:2.999.1' (it has the prefix urn:oid:, which belongs in URIs only)",
    ),
    Break("PIXF-10", RECEIVER, "drop", "nothing", "receiver/device/id/@root"),
    Break(
        "PIXF-10",
        f"{RECEIVER}/asAgent/representedOrganization/id",
        {"root": "CLINIC"},
        "'CLINIC' (it is a name, not an OID)",
    ),
    Break("PIXF-11", f"{SENDER}/id", {"root": "1.02.3"}, "'1.02.3' (an arc has a leading zero)"),
    Break("PIXF-11", f"{SENDER}/id", {"root": None}, "nothing"),
    Break("PIXF-11", "sender", "drop", "nothing", "sender/device/id/@root"),
    Break("PIXF-11", f"{SENDER}/asAgent/representedOrganization/id", {"extension": "2"}, "'2'"),
    Break("PIXF-12", "", {"ITSVersion": None}, "nothing"),
    Break("PIXF-12", "", {"ITSVersion": "XML_2.0"}, "'XML_2.0'"),
    Break("PIXF-13", f"{PERSON}/administrativeGenderCode", "unqualify", "an element in another namespace, or in none"),
    Break("PIXF-13", f"{PERSON}/addr[2]", "unqualify", "an element in another namespace, or in none"),
    Break("PIXF-14", ACT, {"moodCode": "RQO"}, "'RQO'"),
    Break("PIXF-14", ACT, {"classCode": None}, "nothing"),
    Break("PIXF-15", f"{ACT}/code", {"code": "PRPA_TE201302UV02"}, "'PRPA_TE201302UV02'"),
    Break("PIXF-15", f"{ACT}/code", {"codeSystem": None}, "nothing"),
    Break("PIXF-15", f"{ACT}/code", "drop", "nothing"),
    Break("PIXF-16", f"{ACT}/subject", "twice", "2 subjects", f"{ACT}/subject[2]"),
    Break("PIXF-17", EVENT, {"classCode": "ACT"}, "'ACT'"),
    Break("PIXF-17", EVENT, {"moodCode": "INT"}, "'INT'"),
    Break("PIXF-18", f"{EVENT}/statusCode", {"code": "obsolete"}, "'obsolete'"),
    Break("PIXF-18", f"{EVENT}/statusCode", "drop", "nothing", f"{EVENT}/statusCode/@code"),
    Break("PIXF-19", f"{EVENT}/custodian", "replaces", "1 of them", f"{EVENT}/replacementOf"),
    Break("PIXF-20", f"{EVENT}/custodian", "drop", "nothing", f"{EVENT}/custodian/assignedEntity/id"),
    Break(
        "PIXF-20",
        f"{EVENT}/custodian/assignedEntity/id",
        {"root": None},
        "nothing",
        f"{EVENT}/custodian/assignedEntity/id",
    ),
    Break("PIXF-21", PATIENT, {"classCode": "EMP"}, "'EMP'"),
    Break("PIXF-22", f"{PATIENT}/id", {"extension": None}, "nothing", base="minimal"),
    Break("PIXF-22", f"{PATIENT}/id", {"root": None}, "nothing", base="minimal"),
    Break("PIXF-22", f"{PATIENT}/id", "drop", "nothing", base="minimal"),
    Break("PIXF-23", f"{PATIENT}/id", {"root": "TESTFALL"}, "'TESTFALL' (it is a name, not an OID)"),
    Break("PIXF-23", f"{PATIENT}/id[2]", {"extension": None}, "nothing"),
    Break(
        "PIXF-23",
        f"{PATIENT}/id[2]",
        {"root": "5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11"},
        "'5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b11' (it is a UUID, not an OID)",
    ),
    Break("PIXF-24", f"{PATIENT}/statusCode", {"code": "normal"}, "'normal'"),
    Break("PIXF-25", PERSON, {"classCode": "ANM"}, "'ANM'"),
    Break("PIXF-25", PERSON, {"determinerCode": "KIND"}, "'KIND'"),
    Break("PIXF-25", PERSON, "drop", "nothing"),
    Break("PIXF-26", f"{PERSON}/name", "drop", "nothing", base="minimal"),
    Break("PIXF-26", f"{PERSON}/name", "empty", "an empty name", base="minimal"),
    Break(
        "PIXF-26",
        f"{PERSON}/name",
        {"nullFlavor": "UNK"},
        "a null name (nullFlavor 'UNK')",
        f"{PERSON}/name",
        "minimal",
    ),
    Break("PIXF-27", f"{PERSON}/administrativeGenderCode", {"code": "O"}, "'O'"),
    Break("PIXF-27", f"{PERSON}/administrativeGenderCode", {"code": "female", "codeSystem": None}, "'female'"),
    Break("PIXF-27", f"{PERSON}/administrativeGenderCode", {"code": None}, "nothing"),
    Break("PIXF-28", f"{PERSON}/administrativeGenderCode", {"codeSystem": "2.999.8"}, "'2.999.8'"),
    Break("PIXF-29", f"{PERSON}/birthTime", {"value": "19000229"}, "'19000229' (there is no such day)"),
    Break(
        "PIXF-29",
        f"{PERSON}/birthTime",
        {"value": "1968-02-29"},
        "'1968-02-29' (it is not YYYYMMDDHHMMSS+ZZzz or a beginning of that)",
    ),
    Break("PIXF-30", f"{PERSON}/telecom[2]", {"value": "555-0118"}, "'555-0118'"),
    Break("PIXF-31", f"{OTHER}[2]", {"classCode": "CIT"}, "'CIT'"),
    Break("PIXF-31", OTHER, {"classCode": "EMP"}, "'EMP'"),
    Break("PIXF-31", OTHER, {"classCode": None}, "nothing"),
    Break("PIXF-32", f"{OTHER}/id[2]", {"root": "DMV"}, "'DMV' (it is a name, not an OID)"),
    Break("PIXF-32", f"{OTHER}[2]/id", "drop", "nothing"),
    Break("PIXF-32", f"{OTHER}[2]/scopingOrganization", "drop", "nothing", f"{OTHER}[2]/scopingOrganization/id"),
    Break("PIXF-33", f"{PATIENT}/providerOrganization", "drop", "nothing", f"{PATIENT}/providerOrganization/id/@root"),
    Break("PIXF-33", f"{PATIENT}/providerOrganization/id", {"root": "CLINIC"}, "'CLINIC' (it is a name, not an OID)"),
)


@pytest.mark.parametrize("name", ["minimal", "full", "prefixes", "unused-namespaces"])
def test_a_good_message_breaks_no_rule(sample: Sample, read: Read, name: str) -> None:
    """Of a conforming message, however it is written, no rule says anything."""
    assert SPEC.judge(read(sample(name))) == []


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case.rule}-{case.path.rpartition('/')[2]}-{case.got[:12]}")
def test_a_breach_trips_its_rule_and_no_other(sample: Sample, read: Read, case: Break) -> None:
    """One breach gives one finding, which says where, what stands there and what should."""
    message = sample(case.base)
    _break(message, case)

    findings = SPEC.judge(read(message))

    assert [(finding.rule, finding.path, finding.got) for finding in findings] == [
        (case.rule, case.expected_path, case.got)
    ]
    assert findings[0].want
    assert findings[0].section


def test_every_rule_has_a_message_that_trips_it() -> None:
    """No rule is without proof."""
    assert {case.rule for case in BREAKS} == {rule.id for rule in SPEC.rules}


def test_rules_are_numbered_in_their_order() -> None:
    """Ids are unique and ascending, so that a report can be read beside the table."""
    ids = [rule.id for rule in SPEC.rules]
    assert ids == [f"PIXF-{number:02}" for number in range(1, len(ids) + 1)]


def test_a_finding_leads_to_its_line(sample: Sample, read: Read) -> None:
    """The path of a finding can be followed to a line of the message."""
    message = sample("full")
    _find(message, f"{PATIENT}/id[2]").set("root", "TESTFALL")

    line = Places(message).line(SPEC.judge(read(message))[0].path)

    lines = (Path(__file__).parents[4] / "tests/data/ITI-44/full.xml").read_text("utf-8").splitlines()
    assert line is not None
    assert '<id root="2.999.2.4"' in lines[line - 1]


def test_an_empty_message_is_told_all_that_is_wrong_at_once(read: Read) -> None:
    """Nothing but a root element trips every rule on what must be there, among them the essential one."""
    findings = SPEC.judge(read(parse(b'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>')))
    assert [finding.rule for finding in findings] == [
        f"PIXF-{number:02}" for number in (1, 2, 5, 6, 7, 8, 9, 11, 12, 14, 22)
    ]
    assert len({finding.path for finding in findings}) == len(findings)


def test_lenient_mode_rejects_only_what_cannot_be_processed(sample: Sample, read: Read) -> None:
    """With an identifier a message passes leniently, whatever else is missing; without one it does not."""
    bare = sample("minimal")
    for path in ("id", "creationTime", "sender", "receiver", f"{PERSON}/name", f"{EVENT}/custodian"):
        _drop(_find(bare, path))
    findings = SPEC.judge(read(bare))
    assert SPEC.rejecting(findings, strict=True)
    assert SPEC.rejecting(findings, strict=False) == []

    _drop(_find(bare, f"{PATIENT}/id"))
    assert _rules(SPEC.rejecting(SPEC.judge(read(bare)), strict=False)) == ["PIXF-22"]


def test_warnings_reject_in_no_mode(sample: Sample, read: Read) -> None:
    """What the Framework does not demand is said, and the message accepted."""
    message = sample("full")
    _find(message, f"{PERSON}/telecom").set("value", "555-0118")
    findings = SPEC.judge(read(message))
    assert [finding.severity for finding in findings] == [Severity.WARNING]
    assert SPEC.rejecting(findings, strict=True) == []


def test_elements_without_namespace_are_named_as_the_cause(read: Read) -> None:
    """A prefix on the root alone leaves everything below in no namespace; the first cause is told with its paths."""
    message = parse(
        b'<v3:PRPA_IN201301UV02 xmlns:v3="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="2.999.1"/>'
        b"<controlActProcess><subject/></controlActProcess></v3:PRPA_IN201301UV02>"
    )
    strays = [finding for finding in SPEC.judge(read(message)) if finding.rule == "PIXF-13"]
    assert [finding.path for finding in strays] == ["/PRPA_IN201301UV02/id", "/PRPA_IN201301UV02/controlActProcess"]


def test_elements_in_a_foreign_namespace_are_named_when_the_patient_is_missing(sample: Sample, read: Read) -> None:
    """A wrong URI below the root is told as such, once, at the topmost element."""
    message = sample("minimal")
    for element in _find(message, ACT).iter():
        element.tag = element.tag.replace("urn:hl7-org:v3", "urn:hl7-org:v3/2008")
    strays = [finding for finding in SPEC.judge(read(message)) if finding.rule == "PIXF-13"]
    assert [finding.path for finding in strays] == ["/PRPA_IN201301UV02/controlActProcess"]


def test_extensions_in_foreign_namespaces_are_nobodys_business(sample: Sample, read: Read) -> None:
    """Elements of other namespaces beside the patient are extensions, which HL7 V3 allows."""
    message = sample("minimal")
    _find(message, PERSON).append(parse(b'<extra xmlns="urn:example:extension"/>'))
    assert SPEC.judge(read(message)) == []


def test_a_null_gender_needs_no_code(sample: Sample, read: Read) -> None:
    """Unknown is said with a nullFlavor, not with a code."""
    message = sample("full")
    gender = _find(message, f"{PERSON}/administrativeGenderCode")
    gender.attrib.clear()
    gender.set("nullFlavor", "UNK")
    assert SPEC.judge(read(message)) == []


def test_a_long_value_is_quoted_in_part(sample: Sample, read: Read) -> None:
    """A hostile value does not make a report as long as itself."""
    message = sample("minimal")
    _find(message, f"{SENDER}/id").set("root", "x" * 100_000)
    (finding,) = SPEC.judge(read(message))
    assert len(finding.got) < 200


def _rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def _find(message: Element, path: str) -> Element:
    found = message.find("/".join(q(step) for step in path.split("/"))) if path else message
    assert found is not None, path
    return found


def _drop(element: Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _break(message: Element, case: Break) -> None:
    element = _find(message, case.path)
    if isinstance(case.change, dict):
        for name, value in case.change.items():
            if value is None:
                element.attrib.pop(name)
            else:
                element.set(name, value)
        return
    match case.change:
        case "drop":
            _drop(element)
        case "twice":
            element.addnext(copy(element))
        case "empty":
            del element[:]
        case "unqualify":
            element.tag = element.tag.rpartition("}")[2]
        case "replaces":
            element.addnext(parse(b'<replacementOf xmlns="urn:hl7-org:v3" typeCode="RPLC"/>'))
        case other:
            raise AssertionError(other)
