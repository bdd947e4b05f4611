"""What the rules of the patient registry say: of good messages nothing, of each breach exactly one thing."""

from collections.abc import Iterable
from copy import copy
from pathlib import Path
from typing import NamedTuple

import pytest

from ihe_test_util.domain.patients import NameSought, Sought
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import pdq, pix_merge, pix_query, pix_revise, xcpd
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.patient_query.candidates import sought_by
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.hl7v3.elements import q
from ihe_test_util.xml.io import Element, Places, parse, serialize

DATA = Path(__file__).parents[3] / "data"

ACT = "controlActProcess"
EVENT = f"{ACT}/subject/registrationEvent"
PATIENT = f"{EVENT}/subject1/patient"
PERSON = f"{PATIENT}/patientPerson"
PRIOR = f"{EVENT}/replacementOf/priorRegistration"
ROLE_ID = f"{PRIOR}/subject1/priorRegisteredRole/id"
QUERY = f"{ACT}/queryByParameter"
LIST = f"{QUERY}/parameterList"
CRITERIA = f"{QUERY}/matchCriterionList"
MORE = f"{ACT}/queryContinuation"


class Card(NamedTuple):
    """A card, the series of its rules, and the sample that is broken."""

    spec: AnyTransaction
    series: str
    sample: str


CARDS = {
    card.series: card
    for card in (
        Card(pix_revise.SPEC, "PIXR", "ITI-44/revise.xml"),
        Card(pix_merge.SPEC, "PIXM", "ITI-44/merge.xml"),
        Card(pix_query.SPEC, "PIXQ", "ITI-45/domains.xml"),
        Card(pdq.SPEC, "PDQ", "ITI-47/full.xml"),
        Card(pdq.CONTINUE_SPEC, "PDQC", "ITI-47/continue.xml"),
        Card(pdq.CANCEL_SPEC, "PDQX", "ITI-47/cancel.xml"),
        Card(xcpd.SPEC, "XCPD", "ITI-55/full.xml"),
    )
}


class Break(NamedTuple):
    """A change that breaks one rule: attributes to set (None: to take away), elements to add, or what else to do.

    ``where`` is the finding's path, by default that of the element, ``@`` and the first attribute.
    """

    series: str
    number: int
    path: str
    change: dict[str, str | None] | str
    where: str = ""


def each(
    series: Iterable[str], number: int, path: str, change: dict[str, str | None] | str, where: str = ""
) -> list[Break]:
    """The same breach of several cards."""
    return [Break(one, number, path, change, where) for one in series]


STRAY = '<extra xmlns=""/>'
ID = '<id root="2.999.3.1" extension="1"/>'
CITIZEN = f'<asOtherIDs classCode="CIT">{ID}<scopingOrganization>{ID}</scopingOrganization></asOtherIDs>'
NOBODYS_ID = f'<asOtherIDs classCode="PAT">{ID}</asOtherIDs>'
VALUE = "<value><family>Test</family></value><semanticsText>Name</semanticsText>"
BIRTH_PLACE = f"<livingSubjectBirthPlaceName>{VALUE}</livingSubjectBirthPlaceName>"
STATUS_ASKED = '<patientStatusCode><value code="active"/><semanticsText>x</semanticsText></patientStatusCode>'
PERFORMER = '<authorOrPerformer typeCode="PRF"/>'
DEGREE = "<matchCriterionList><minimumDegreeMatch><value value='-1'/></minimumDegreeMatch></matchCriterionList>"
MAIDEN_NAME = f"<mothersMaidenName>{VALUE}</mothersMaidenName>"

FEEDS = ("PIXR", "PIXM")
QUERIES = ("PIXQ", "PDQ", "XCPD")
CONTINUATIONS = ("PDQC", "PDQX")
ALL = tuple(CARDS)

BREAKS = (
    *each(ALL, 1, "id", {"root": "MESSAGE.17"}),
    *each(ALL, 2, "creationTime", {"value": None}),
    *each(ALL, 3, "creationTime", {"value": "20230229120000"}),
    *each(ALL, 4, "creationTime", {"value": "20240229"}),
    *each(ALL, 5, "interactionId", {"extension": "PRPA_IN201301UV02"}),
    *each(ALL, 6, "processingCode", {"code": "X"}),
    *each(ALL, 7, "processingModeCode", {"code": "A"}),
    *each(ALL, 8, "acceptAckCode", {"code": "NE"}),
    *each(ALL, 9, "receiver", "twice", "receiver[2]"),
    *each(ALL, 10, "receiver/device/id", {"extension": "PIX"}),
    *each(ALL, 11, "sender/device/id", {"root": "1.02.3"}),
    *each(ALL, 12, "", {"ITSVersion": None}),
    *each(FEEDS, 13, PATIENT, STRAY, f"{PATIENT}/extra"),
    *each(QUERIES, 13, LIST, STRAY, f"{LIST}/extra"),
    *each(CONTINUATIONS, 13, MORE, STRAY, f"{MORE}/extra"),
    *each(FEEDS, 14, ACT, {"moodCode": "RQO"}),
    *each((*QUERIES, *CONTINUATIONS), 14, ACT, {"moodCode": "INT"}),
    *each((*QUERIES, *CONTINUATIONS), 14, ACT, {"classCode": "ACT"}),
    *each(ALL, 15, f"{ACT}/code", {"code": "PRPA_TE201301UV02"}),
    *each(ALL, 15, f"{ACT}/code", {"codeSystem": None}),
    *each(ALL, 15, f"{ACT}/code", "drop"),
    *each(FEEDS, 16, f"{ACT}/subject", "twice", f"{ACT}/subject[2]"),
    *each(FEEDS, 17, EVENT, {"classCode": "ACT"}),
    *each(FEEDS, 18, f"{EVENT}/statusCode", {"code": "obsolete"}),
    Break("PIXR", 19, EVENT, '<replacementOf typeCode="RPLC"/>', f"{EVENT}/replacementOf"),
    Break("PIXM", 19, f"{EVENT}/replacementOf", "drop"),
    Break("PIXM", 19, f"{EVENT}/replacementOf", "twice"),
    Break("PIXM", 19, PRIOR, "drop"),
    *each(FEEDS, 20, f"{EVENT}/custodian", "drop", f"{EVENT}/custodian/assignedEntity/id"),
    *each(FEEDS, 21, PATIENT, {"classCode": "EMP"}),
    *each(FEEDS, 22, f"{PATIENT}/id", {"extension": None}),
    *each(FEEDS, 23, f"{PATIENT}/id", {"root": "TESTFALL"}),
    *each(FEEDS, 24, f"{PATIENT}/statusCode", {"code": "normal"}),
    *each(FEEDS, 25, PERSON, {"determinerCode": "KIND"}),
    *each(FEEDS, 26, f"{PERSON}/name", "drop"),
    Break("PIXR", 27, f"{PERSON}/administrativeGenderCode", {"code": "O"}),
    Break("PIXM", 27, PERSON, '<administrativeGenderCode code="O"/>', f"{PERSON}/administrativeGenderCode/@code"),
    Break("PIXR", 28, f"{PERSON}/administrativeGenderCode", {"codeSystem": "2.999.8"}),
    Break(
        "PIXM",
        28,
        PERSON,
        '<administrativeGenderCode code="F" codeSystem="2.999.8"/>',
        f"{PERSON}/administrativeGenderCode/@codeSystem",
    ),
    Break("PIXR", 29, f"{PERSON}/birthTime", {"value": "19000229"}),
    Break("PIXM", 29, PERSON, '<birthTime value="19000229"/>', f"{PERSON}/birthTime/@value"),
    Break("PIXR", 30, f"{PERSON}/telecom", {"value": "555-0118"}),
    Break("PIXM", 30, PERSON, '<telecom value="555-0118"/>', f"{PERSON}/telecom/@value"),
    *each(FEEDS, 31, PERSON, CITIZEN, f"{PERSON}/asOtherIDs/@classCode"),
    *each(FEEDS, 32, PERSON, NOBODYS_ID, f"{PERSON}/asOtherIDs/scopingOrganization/id"),
    *each(FEEDS, 33, f"{PATIENT}/providerOrganization/id", {"root": "CLINIC"}),
    Break("PIXM", 34, f"{PRIOR}/statusCode", {"code": "active"}),
    Break("PIXM", 35, ROLE_ID, {"extension": None}, ROLE_ID),
    Break("PIXM", 35, ROLE_ID, "drop"),
    Break("PIXM", 35, ROLE_ID, "twice", ROLE_ID),
    *each(QUERIES, 16, QUERY, "drop"),
    *each(QUERIES, 17, f"{QUERY}/queryId", {"root": "Q.1"}),
    *each(QUERIES, 17, f"{QUERY}/queryId", "drop", f"{QUERY}/queryId/@root"),
    *each(QUERIES, 18, f"{QUERY}/statusCode", {"code": "active"}),
    *each(QUERIES, 19, f"{QUERY}/responsePriorityCode", {"code": "D"}),
    Break("PIXQ", 20, f"{LIST}/dataSource/value", "drop"),
    Break("PDQ", 20, f"{LIST}/otherIDsScopingOrganization[2]/semanticsText", "drop"),
    Break("XCPD", 20, f"{LIST}/patientTelecom/value", "drop"),
    Break("PIXQ", 21, f"{LIST}/patientIdentifier", "twice", f"{LIST}/patientIdentifier[2]"),
    Break("PIXQ", 21, f"{LIST}/patientIdentifier/value", "twice", f"{LIST}/patientIdentifier/value[2]"),
    Break("PIXQ", 22, f"{LIST}/patientIdentifier/value", {"extension": None}),
    Break("PIXQ", 23, f"{LIST}/patientIdentifier/value", {"root": "TESTFALL"}),
    Break("PIXQ", 24, f"{LIST}/dataSource[2]/value", {"extension": "1"}),
    Break("PIXQ", 24, f"{LIST}/dataSource/value", {"root": "urn:oid:2.999.3"}),
    Break("PIXQ", 25, QUERY, "<sortControl/>", f"{QUERY}/sortControl"),
    *each(("PDQ", "XCPD"), 21, f"{QUERY}/responseModalityCode", {"code": "B"}),
    Break("PDQ", 22, f"{LIST}/livingSubjectName", "twice", f"{LIST}/livingSubjectName[2]"),
    Break("PDQ", 22, f"{LIST}/livingSubjectName/value", "twice", f"{LIST}/livingSubjectName/value[2]"),
    Break("PDQ", 23, LIST, "empty"),
    Break("PDQ", 24, LIST, BIRTH_PLACE, f"{LIST}/livingSubjectBirthPlaceName"),
    Break("PDQ", 31, LIST, MAIDEN_NAME, f"{LIST}/mothersMaidenName"),
    Break("PDQ", 25, f"{QUERY}/initialQuantity", {"value": "0"}),
    Break("PDQ", 26, f"{LIST}/otherIDsScopingOrganization[2]/value", {"extension": "1"}),
    Break("PDQ", 27, f"{LIST}/livingSubjectId/value", {"root": "TESTFALL"}),
    Break("PDQ", 28, f"{LIST}/livingSubjectBirthTime/value/high", {"value": "19690229"}),
    Break("PDQ", 29, f"{LIST}/livingSubjectAdministrativeGender/value", {"code": "female"}),
    Break("PDQ", 30, QUERY, "<sortControl/>", f"{QUERY}/sortControl"),
    Break("XCPD", 22, LIST, "drop", f"{LIST}/livingSubjectName"),
    Break("XCPD", 23, f"{LIST}/livingSubjectName[2]/value/given", "drop"),
    Break("XCPD", 31, f"{LIST}/patientAddress", "twice", f"{LIST}/patientAddress[2]"),
    Break("XCPD", 32, f"{LIST}/livingSubjectName[2]/value", "twice", f"{LIST}/livingSubjectName[2]/value[2]"),
    Break("XCPD", 33, LIST, STATUS_ASKED, f"{LIST}/patientStatusCode"),
    Break("XCPD", 24, QUERY, '<initialQuantity value="5"/>', f"{QUERY}/initialQuantity"),
    Break("XCPD", 25, f"{LIST}/livingSubjectId/value", {"root": "TESTFALL"}),
    Break("XCPD", 26, f"{LIST}/livingSubjectBirthTime/value", {"value": "19690229"}),
    Break("XCPD", 27, f"{LIST}/livingSubjectAdministrativeGender/value", {"code": "O"}),
    Break("XCPD", 28, QUERY, "<sortControl/>", f"{QUERY}/sortControl"),
    Break("PIXQ", 26, ACT, PERFORMER, f"{ACT}/authorOrPerformer/@typeCode"),
    Break("PDQ", 33, ACT, PERFORMER, f"{ACT}/authorOrPerformer/@typeCode"),
    Break("XCPD", 30, ACT, PERFORMER, f"{ACT}/authorOrPerformer/@typeCode"),
    Break("PDQ", 30, CRITERIA, "<matchWeight/>", f"{CRITERIA}/matchWeight"),
    Break("PDQ", 32, f"{CRITERIA}/minimumDegreeMatch/value", {"value": "101"}),
    Break("PDQ", 32, f"{CRITERIA}/minimumDegreeMatch/value", {"value": None}),
    Break("XCPD", 29, QUERY, DEGREE, f"{CRITERIA}/minimumDegreeMatch/value/@value"),
    *each(CONTINUATIONS, 16, MORE, "drop"),
    *each(CONTINUATIONS, 16, f"{MORE}/queryId", "drop", f"{MORE}/queryId/@root"),
    *each(CONTINUATIONS, 17, f"{MORE}/queryId", {"root": "Q.1"}),
    *each(CONTINUATIONS, 18, MORE, '<startResultNumber value="-1"/>', f"{MORE}/startResultNumber/@value"),
    *each(CONTINUATIONS, 20, "acknowledgement", "drop"),
    *each(CONTINUATIONS, 20, "acknowledgement/typeCode", {"code": "AE"}),
    *each(CONTINUATIONS, 20, "acknowledgement/targetMessage/id", {"root": None}),
    Break("PDQC", 19, f"{MORE}/statusCode", {"code": "executing"}),
    Break("PDQX", 19, f"{MORE}/statusCode", {"code": "executing"}),
)


@pytest.mark.parametrize(
    "case", BREAKS, ids=lambda case: f"{case.series}-{case.number:02}-{case.path.rpartition('/')[2]}"
)
def test_a_breach_trips_its_rule_and_no_other(case: Break) -> None:
    """One breach gives one finding, which says where, what stands there and what should, and leads to a line."""
    spec, series, sample = CARDS[case.series]
    message = parse((DATA / sample).read_bytes())
    message = _break(message, case)

    findings = spec.judge(spec.parse_request(message, InlineAttachments()))

    root = spec.request_root.rpartition("}")[2]
    where = case.where or "/".join(part for part in (case.path, _attribute_of(case)) if part)
    assert [(finding.rule, finding.path) for finding in findings] == [
        (f"{series}-{case.number:02}", f"/{root}/{where}")
    ]
    assert findings[0].want
    assert findings[0].section
    assert Places(message).line(findings[0].path)


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.series)
def test_every_rule_has_a_message_that_trips_it(card: Card) -> None:
    """No rule is without proof; ids are numbered in their order."""
    broken = {f"{case.series}-{case.number:02}" for case in BREAKS if case.series == card.series}
    ids = [rule.id for rule in card.spec.rules]
    assert broken == set(ids)
    assert ids == [f"{card.series}-{number:02}" for number in range(1, len(ids) + 1)]


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.series)
def test_a_good_message_breaks_no_rule(card: Card) -> None:
    """Of a conforming message no rule says anything, not even as a warning."""
    message = parse((DATA / card.sample).read_bytes())
    assert card.spec.judge(card.spec.parse_request(message, InlineAttachments())) == []


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.series)
def test_an_empty_message_lacks_what_is_essential(card: Card) -> None:
    """Nothing but a root element is refused in lenient mode too, and told all that is missing."""
    root = card.spec.request_root.rpartition("}")[2]
    message = parse(f'<{root} xmlns="urn:hl7-org:v3"/>'.encode())
    findings = card.spec.judge(card.spec.parse_request(message, InlineAttachments()))
    assert card.spec.rejecting(findings, strict=False)
    assert len(findings) > 8
    assert len({(finding.rule, finding.path) for finding in findings}) == len(findings)


def test_a_continuation_is_told_from_a_cancellation_without_an_action() -> None:
    """The root element tells them apart; and the statusCode, where a cancellation has the root of a continuation."""
    cancellation = (DATA / "ITI-47/cancel.xml").read_bytes()
    asks_more = parse((DATA / "ITI-47/continue.xml").read_bytes())
    ends, plainly = parse(cancellation), parse(cancellation.replace(b"UV01_Cancel", b"UV01"))
    assert [pdq.CONTINUE_SPEC.takes(one) for one in (asks_more, ends, plainly)] == [True, False, False]
    assert [pdq.CANCEL_SPEC.takes(one) for one in (asks_more, ends, plainly)] == [False, True, True]


def test_a_cancellation_may_have_the_root_of_a_continuation() -> None:
    """As HL7's own interaction has it, and as many consumers send it: it breaks no rule."""
    message = parse((DATA / "ITI-47/cancel.xml").read_bytes().replace(b"UV01_Cancel", b"UV01"))
    request = pdq.CANCEL_SPEC.parse_request(message, InlineAttachments())
    assert pdq.CANCEL_SPEC.judge(request) == []


def test_our_own_discovery_by_several_names_breaks_no_rule() -> None:
    """Each name is a parameter, and each is looked for again where the message is read."""
    sought = Sought(names=(NameSought("Müller", "Zoë"), NameSought("Nuñez", "Zoë")), births=(("19680229", "19680229"),))

    request = xcpd.xcpd_request(
        sought,
        query_id=II("2.999.2.1.7", "names"),
        message_id="5c1f7a2e-0d1b-4a57-9c39-3f2f5d0e8b77",
        creation_time="20240229153000+0100",
        sender_oid="2.999.2.1",
        receiver_oid="2.999.1.1",
        sender_community="2.999.2",
    )

    assert xcpd.SPEC.judge(request) == []
    assert sought_by(request.query) == sought


def _attribute_of(case: Break) -> str:
    return f"@{next(iter(case.change))}" if isinstance(case.change, dict) else ""


def _find(message: Element, path: str) -> Element:
    found = message.find("/".join(q(step) for step in path.split("/"))) if path else message
    assert found is not None, path
    return found


def _break(message: Element, case: Break) -> Element:
    element = _find(message, case.path)
    parent = element.getparent()
    if isinstance(case.change, dict):
        for name, value in case.change.items():
            if value is None:
                element.attrib.pop(name)
            else:
                element.set(name, value)
    elif case.change.startswith("<"):
        # Parsed within the namespace of HL7 V3, unless it says otherwise.
        element.extend(parse(f'<x xmlns="urn:hl7-org:v3">{case.change}</x>'.encode()))
    elif case.change == "twice":
        element.addnext(copy(element))
    elif case.change == "empty":
        del element[:]
    else:
        assert case.change == "drop"
        assert parent is not None
        parent.remove(element)
    return parse(serialize(message))
