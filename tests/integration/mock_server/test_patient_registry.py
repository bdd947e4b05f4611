"""The patient registry over real sockets: fed, asked, revised, merged, asked again."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.domain.patients import NameSought, Sought
from ihe_test_util.transactions import pdq, pix_query
from ihe_test_util.transactions.feed.model import ADD, REVISE
from ihe_test_util.transactions.patient_query.model import Criterion, QueryResponse
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL
from tests.support.patients import DOMAIN_A, DOMAIN_B, DOMAIN_C, Consumer, person, told
from tests.support.peer import Peer, StartMock

MUSTER = Sought(names=(NameSought("Muster"),))
AROUND: dict[str, Any] = {
    "message_id": "5c1f7a2e-0d1b-4a57-9c39-000000009999",
    "creation_time": "20240229153000+0100",
    "sender_oid": "2.999.2.1",
    "receiver_oid": "2.999.1.1",
}
LIST = "/controlActProcess/queryByParameter/parameterList"


@pytest.fixture(params=[True, False], ids=["addressing", "no-addressing"])
def consumer(mock: Peer, request: pytest.FixtureRequest) -> Consumer:
    """A peer that writes addressing headers, or none: then the body says what a message is."""
    return Consumer(mock, addressing=request.param)


async def test_a_patient_is_followed_through_their_life(consumer: Consumer) -> None:
    """Feed, query, revise, query, merge, query: each answer is that of the state before it."""
    await consumer.feed(person((DOMAIN_A, "1")))
    await consumer.feed(person((DOMAIN_B, "2")))
    assert told(await consumer.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_B, "2")]

    assert (await consumer.feed(person((DOMAIN_B, "2"), family="Anders"), REVISE)).type_code == "CA"
    assert (await consumer.identifiers((DOMAIN_A, "1"))).response_code == "NF"
    await consumer.feed(person((DOMAIN_B, "2")), REVISE)
    assert told(await consumer.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_B, "2")]

    await consumer.feed(person((DOMAIN_A, "7"), (DOMAIN_C, "8"), family="Doppelt"))
    assert (await consumer.merge(person((DOMAIN_A, "1")), (DOMAIN_A, "7"))).type_code == "CA"
    assert told(await consumer.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_B, "2"), (DOMAIN_C, "8")]
    gone = await consumer.identifiers((DOMAIN_A, "7"))
    assert (gone.acknowledgement.type_code, gone.response_code) == ("AE", "AE")


async def test_a_revise_of_an_unknown_patient_registers_them(consumer: Consumer) -> None:
    """The Framework has one set of expected actions for add and revise."""
    assert (await consumer.feed(person((DOMAIN_A, "1")), REVISE)).type_code == "CA"
    assert told(await consumer.find(MUSTER)) == [(DOMAIN_A, "1")]


@pytest.mark.parametrize(
    ("stays", "ends", "code"),
    [("1", "1", "SYN113"), ("1", "9", "204"), ("1", "2", "204"), ("2", "1", "204")],
    ids=["same", "unknown", "again", "ended-survivor"],
)
async def test_a_merge_that_makes_no_sense_is_refused(consumer: Consumer, stays: str, ends: str, code: str) -> None:
    """CE, never AE, with a detail that says why and where."""
    for number in "123":
        await consumer.feed(person((DOMAIN_A, number)))
    await consumer.merge(person((DOMAIN_A, "3")), (DOMAIN_A, "2"))
    refused = await consumer.merge(person((DOMAIN_A, stays)), (DOMAIN_A, ends))
    assert refused.type_code == "CE"
    (detail,) = refused.details
    assert (detail.type_code, detail.code.code if detail.code else "") == ("E", code)
    assert detail.locations[0].startswith("/PRPA_IN201304UV02/")
    assert not consumer.verdict.accepted
    assert consumer.verdict.codes == (code,)


async def test_a_pix_query_tells_the_domains_that_are_asked_for(consumer: Consumer) -> None:
    """OK with identifiers of the requested domains, NF where there are none, without the one that was asked about."""
    await consumer.feed(person((DOMAIN_A, "1"), (DOMAIN_B, "2"), (DOMAIN_C, "3")))
    await consumer.feed(person((DOMAIN_C, "9"), family="Anders"))
    assert told(await consumer.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_B, "2"), (DOMAIN_C, "3")]
    assert told(await consumer.identifiers((DOMAIN_A, "1"), DOMAIN_C)) == [(DOMAIN_C, "3")]
    found = await consumer.identifiers((DOMAIN_A, "1"), DOMAIN_B, DOMAIN_C)
    assert (found.acknowledgement.type_code, found.response_code, len(found.registrations)) == ("AA", "OK", 1)
    nothing = await consumer.identifiers((DOMAIN_C, "9"), DOMAIN_A)
    assert (nothing.acknowledgement.type_code, nothing.response_code, nothing.registrations) == ("AA", "NF", ())
    assert nothing.query is not None
    assert nothing.query.ids("patientIdentifier") == (II(DOMAIN_C, "9"),)


async def test_a_pix_query_names_everything_that_is_not_known(consumer: Consumer) -> None:
    """AE, and a detail 204 with the place for the identifier and for each unknown domain, all at once."""
    await consumer.feed(person((DOMAIN_A, "1")))
    answer = await consumer.identifiers((DOMAIN_A, "9"), "2.999.88", DOMAIN_A, "2.999.89")
    assert (answer.acknowledgement.type_code, answer.response_code) == ("AE", "AE")
    assert [(one.code.code if one.code else "", one.locations) for one in answer.acknowledgement.details] == [
        ("204", (f"/PRPA_IN201309UV02{LIST}/patientIdentifier/value",)),
        ("204", (f"/PRPA_IN201309UV02{LIST}/dataSource[1]/value",)),
        ("204", (f"/PRPA_IN201309UV02{LIST}/dataSource[3]/value",)),
    ]
    assert answer.ack is not None
    assert (answer.ack.status_code, answer.ack.total) == ("aborted", "0")
    unknown_domain = await consumer.identifiers(("2.999.88", "1"))
    assert "the domain" in unknown_domain.acknowledgement.details[0].text


async def test_only_configured_authorities_are_known(start_mock: StartMock) -> None:
    """Identifiers of others are not told, and names of authorities are."""
    authorities = [{"oid": DOMAIN_A, "name": "Clinic A"}, {"oid": DOMAIN_B, "name": "Clinic B"}]
    consumer = Consumer(await start_mock(assigning_authorities=authorities))
    await consumer.feed(person((DOMAIN_A, "1"), (DOMAIN_C, "3")))
    assert (await consumer.identifiers((DOMAIN_A, "1"))).response_code == "NF"
    assert (await consumer.identifiers((DOMAIN_A, "1"), DOMAIN_B)).response_code == "NF"
    assert (await consumer.identifiers((DOMAIN_A, "1"), DOMAIN_C)).response_code == "AE"
    assert (await consumer.identifiers((DOMAIN_C, "3"))).response_code == "AE"
    await consumer.feed(person((DOMAIN_B, "2")))
    found = await consumer.identifiers((DOMAIN_A, "1"))
    record = found.registrations[0].record
    assert record is not None
    assert record.ids == (II(DOMAIN_B, "2", "Clinic B"),)


async def test_a_configured_patient_id_is_told_for_each_feed(start_mock: StartMock) -> None:
    """Add, revise and merge acknowledge by the same configured identifier; failing patients fail in each."""
    behavior = {"custom_patient_id": "MOCK-1", "failing_patients": {"BAD": {"code": "Sender", "reason": "locked"}}}
    mock = await start_mock(pix_add_behavior=behavior)
    consumer = Consumer(mock)
    await consumer.feed(person((DOMAIN_A, "2")))
    answers = [
        await consumer.feed(person((DOMAIN_A, "1"))),
        await consumer.feed(person((DOMAIN_A, "1")), REVISE),
        await consumer.merge(person((DOMAIN_A, "1")), (DOMAIN_A, "2")),
    ]
    assert [answer.details[0].text for answer in answers] == [f"MOCK-1^^^&{DOMAIN_A}&ISO"] * 3
    with pytest.raises(AssertionError, match="locked"):
        await consumer.merge(person((DOMAIN_A, "1")), (DOMAIN_A, "BAD"))


async def test_links_replace_the_rule(start_mock: StartMock) -> None:
    """Without the rule of demographics only what is linked, or was fed together, belongs together."""
    links = [[f"1^^^&{DOMAIN_A}&ISO", f"3^^^&{DOMAIN_C}&ISO"]]
    consumer = Consumer(await start_mock(cross_reference={"rule": "none", "links": links}))
    for patient_id in ((DOMAIN_A, "1"), (DOMAIN_B, "2"), (DOMAIN_C, "3")):
        await consumer.feed(person(patient_id))
    assert told(await consumer.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_C, "3")]
    assert (await consumer.identifiers((DOMAIN_B, "2"))).response_code == "NF"


async def test_patients_are_found_with_what_is_known_of_them(consumer: Consumer) -> None:
    """Demographics, identifiers and those of others come back as they were fed."""
    patient = person(
        (DOMAIN_A, "1"),
        addresses=(AD.of("Am Weg 1", city="Musterstadt", use="HP"),),
        telecoms=(TEL("tel:+49-555-0118", "HP"),),
        other_ids=(II("2.999.4", "SSN-1"),),
        deceased=True,
        deceased_time="20250101",
    )
    await consumer.feed(patient)
    await consumer.feed(person((DOMAIN_A, "2"), family="Anders"))
    answer = await consumer.find(MUSTER)
    (event,) = answer.registrations
    assert event.record is not None
    assert event.record.patient == patient
    assert (answer.acknowledgement.type_code, answer.response_code) == ("AA", "OK")
    assert answer.ack is not None
    assert (answer.ack.total, answer.ack.current, answer.ack.remaining) == ("1", "1", "0")
    assert (await consumer.find(Sought(names=(NameSought("Niemand"),)))).response_code == "NF"


async def test_a_demographics_query_tells_the_domains_that_are_asked_for(consumer: Consumer) -> None:
    """One person with identifiers in these domains, cross-referenced or not; AE for domains that nobody knows."""
    await consumer.feed(person((DOMAIN_A, "1")))
    await consumer.feed(person((DOMAIN_B, "2")))
    await consumer.feed(person((DOMAIN_C, "3"), given="Eva"))
    assert told(await consumer.find(MUSTER, DOMAIN_B)) == [(DOMAIN_B, "2")]
    assert told(await consumer.find(MUSTER, DOMAIN_A, DOMAIN_B)) == [(DOMAIN_A, "1"), (DOMAIN_B, "2")]
    unknown = await consumer.find(MUSTER, DOMAIN_A, "2.999.88")
    assert (unknown.acknowledgement.type_code, unknown.response_code) == ("AE", "AE")
    (detail,) = unknown.acknowledgement.details
    assert detail.locations == (f"/PRPA_IN201305UV02{LIST}/otherIDsScopingOrganization[2]/value",)


async def test_how_to_match_is_taken_and_repeated(start_mock: StartMock) -> None:
    """An algorithm and a least degree are the consumer's to name (ITI TF-2: 3.47.4.1.2.2); the answer repeats them."""
    consumer = Consumer(await start_mock(endpoint_behaviors={"ITI-47": {"validation_mode": "strict"}}))
    await consumer.feed(person((DOMAIN_A, "1")))
    algorithm, degree = Criterion("exact", "MatchAlgorithm"), Criterion("80", "MinimumDegreeMatch")
    plain = pdq.pdq_request(MUSTER, query_id=II("2.999.2.1.7", "how"), **AROUND)
    act = plain.act
    assert act is not None
    query = replace(plain.query, match_algorithm=algorithm, minimum_degree=degree)

    answer: QueryResponse = await consumer.ask(pdq.SPEC, replace(plain, act=replace(act, query=query)))

    assert told(answer) == [(DOMAIN_A, "1")]
    assert answer.query == query


async def test_a_long_answer_comes_in_pieces(consumer: Consumer) -> None:
    """So many as are wanted each time, every patient once, and nothing after the last piece."""
    for number in range(7):
        await consumer.feed(person((DOMAIN_A, f"{number}")))
    first = await consumer.find(MUSTER, limit=3)
    assert first.query is not None
    assert first.ack is not None
    query_id = first.query.query_id
    assert (first.ack.total, first.ack.current, first.ack.remaining) == ("7", "3", "4")
    second = await consumer.more(query_id, quantity=2)
    third = await consumer.more(query_id)
    assert third.ack is not None
    assert (third.ack.total, third.ack.current, third.ack.remaining) == ("7", "2", "0")
    numbers = [extension for answer in (first, second, third) for _, extension in told(answer)]
    assert numbers == [f"{number}" for number in range(7)]
    beyond = await consumer.more(query_id)
    assert (beyond.acknowledgement.type_code, beyond.response_code) == ("AE", "AE")
    assert consumer.verdict.codes == ("204",)


async def test_no_answer_is_longer_than_configured(start_mock: StartMock) -> None:
    """pdq_max_results limits an answer to a query that sets no limit, and one that sets a larger one."""
    consumer = Consumer(await start_mock(pdq_max_results=2))
    for number in range(3):
        await consumer.feed(person((DOMAIN_A, f"{number}")))
    assert len(told(await consumer.find(MUSTER))) == 2
    answer = await consumer.find(MUSTER, limit=10)
    assert answer.query is not None
    assert told(await consumer.more(answer.query.query_id)) == [(DOMAIN_A, "2")]


async def test_a_cancelled_query_is_over(consumer: Consumer) -> None:
    """CA, and no more of it; what is not known cannot be cancelled: CE."""
    for number in range(3):
        await consumer.feed(person((DOMAIN_A, f"{number}")))
    answer = await consumer.find(MUSTER, limit=1)
    assert answer.query is not None
    assert (await consumer.no_more(answer.query.query_id)).type_code == "CA"
    assert (await consumer.more(answer.query.query_id)).response_code == "AE"
    assert (await consumer.no_more(answer.query.query_id)).type_code == "CE"


async def test_a_query_is_gone_on_with_after_a_restart(start_mock: StartMock, tmp_path: Path) -> None:
    """Queries, patients, links and merges outlive the server."""
    directory = str(tmp_path / "kept")
    mock = await start_mock(data_dir=directory)
    consumer = Consumer(mock)
    for number in range(3):
        await consumer.feed(person((DOMAIN_A, f"{number}"), (DOMAIN_B, f"{number}"), given=f"Erika {number}"))
    answer = await consumer.find(MUSTER, limit=1)
    await consumer.merge(person((DOMAIN_A, "0")), (DOMAIN_A, "2"))
    await mock.server.stop()
    again = Consumer(await start_mock(data_dir=directory))
    assert answer.query is not None
    assert told(await again.more(answer.query.query_id, quantity=1)) == [(DOMAIN_A, "1"), (DOMAIN_B, "1")]
    assert told(await again.identifiers((DOMAIN_A, "0"))) == [(DOMAIN_B, "0"), (DOMAIN_B, "2")]


async def test_one_patient_is_discovered(consumer: Consumer) -> None:
    """One identifier, the community as custodian, no quantities; cross-referenced identities are one patient."""
    await consumer.feed(person((DOMAIN_A, "1"), (DOMAIN_C, "3")))
    await consumer.feed(person((DOMAIN_B, "2")))
    sought = Sought(names=(NameSought("Muster", "Erika"),), gender="F", births=(("19800229", "19800229"),))
    answer = await consumer.discover(sought)
    assert (answer.acknowledgement.type_code, answer.response_code) == ("AA", "OK")
    assert told(answer) == [(DOMAIN_A, "1")]
    (event,) = answer.registrations
    assert event.custodian_ids == (II("2.999.1.3"),)
    assert event.custodian_code is not None
    assert event.custodian_code.code == "NotHealthDataLocator"
    assert answer.ack is not None
    assert (answer.ack.total, answer.ack.current, answer.ack.remaining) == ("", "", "")


async def test_nobody_is_discovered(consumer: Consumer) -> None:
    """AA and NF where nobody fits."""
    await consumer.feed(person((DOMAIN_A, "1")))
    sought = Sought(names=(NameSought("Muster", "Erika"),), births=(("19790229", "19790229"),))
    answer = await consumer.discover(sought)
    assert (answer.acknowledgement.type_code, answer.response_code, answer.issues) == ("AA", "NF", ())


async def test_an_ambiguous_discovery_asks_for_more(consumer: Consumer) -> None:
    """No patient, but the attributes that were not given and might help; with one of them the patient is found."""
    await consumer.feed(person((DOMAIN_A, "1")))
    await consumer.feed(person((DOMAIN_A, "2"), gender="UN"))
    vague = Sought(names=(NameSought("Muster", "Erika"),), births=(("19800229", "19800229"),))
    answer = await consumer.discover(vague)
    assert (answer.acknowledgement.type_code, answer.response_code, answer.registrations) == ("AA", "OK", ())
    (issue,) = answer.issues
    requested = [code.code for code in issue.requested]
    assert "LivingSubjectAdministrativeGenderRequested" in requested
    assert "LivingSubjectBirthPlaceNameRequested" in requested
    exact = replace(vague, gender="F")
    assert told(await consumer.discover(exact)) == [(DOMAIN_A, "1")]


async def test_many_peers_feed_merge_and_ask_at_once(mock: Peer) -> None:
    """Nothing is lost, nothing is there twice, and every answer is in time for its state."""

    async def live(number: int) -> None:
        consumer = Consumer(mock)
        name = f"Familie{number}"
        await asyncio.gather(
            consumer.feed(person((DOMAIN_A, f"a{number}"), family=name)),
            consumer.feed(person((DOMAIN_B, f"b{number}"), family=name)),
            consumer.feed(person((DOMAIN_C, f"c{number}"), family=name)),
        )
        asked = await consumer.identifiers((DOMAIN_A, f"a{number}"))
        assert told(asked) == [(DOMAIN_B, f"b{number}"), (DOMAIN_C, f"c{number}")]
        await consumer.feed(person((DOMAIN_A, f"a{number}x"), family=f"Falsch{number}"))
        await consumer.merge(person((DOMAIN_A, f"a{number}"), family=name), (DOMAIN_A, f"a{number}x"))
        found = await consumer.find(Sought(names=(NameSought(name),)))
        assert len(found.registrations) == 3

    await asyncio.gather(*(live(number) for number in range(40)))
    assert await mock.server.store.patients.count() == 120


@pytest.mark.parametrize(
    "bad",
    [
        {"gender": "X", "birth_time": "1968-02-29"},
        {"names": (PN.of("Nur"), PN((), "", "UNK")), "telecoms": (TEL("555", "home"),)},
        {"other_ids": (II("no OID", "1"), II("2.999.4"))},
        {"names": ()},
    ],
)
async def test_what_lenient_mode_let_in_breaks_no_answer(mock: Peer, bad: dict[str, Any]) -> None:
    """Whatever was fed, answers are valid: what the schemas refuse is left out (checked by the peer)."""
    consumer = Consumer(mock)
    await consumer.feed(person((DOMAIN_A, "1")))
    patient = person((DOMAIN_A, "2"), (DOMAIN_B, "1"))
    await consumer.feed(replace(patient, **bad), ADD)
    assert (await consumer.find(Sought(identifiers=(II(DOMAIN_A, "2"),)))).response_code == "OK"
    assert (await consumer.identifiers((DOMAIN_A, "2"))).response_code == "OK"
    assert (await consumer.discover(Sought(identifiers=(II(DOMAIN_A, "2"),)))).response_code == "OK"


async def test_identifiers_that_no_answer_can_hold_are_left_out(mock: Peer) -> None:
    """Lenient mode registers patients under roots that the schemas refuse; answers do without these."""
    consumer = Consumer(mock)
    await consumer.feed(person(("no OID", "1"), (DOMAIN_A, "2")))
    await consumer.feed(person(("no OID", "3"), (DOMAIN_A, "4"), family="Anders"))
    await consumer.feed(person(("no OID", "5"), family="Nirgends"))
    assert told(await consumer.discover(Sought(identifiers=(II(DOMAIN_A, "2"),)))) == [(DOMAIN_A, "2")]
    assert (await consumer.identifiers((DOMAIN_A, "2"))).response_code == "NF"
    assert (await consumer.find(Sought(names=(NameSought("Nirgends"),)))).response_code == "NF"
    assert (await consumer.discover(Sought(identifiers=(II("no OID", "5"),)))).response_code == "NF"


async def test_a_query_that_says_little_is_answered_validly(mock: Peer) -> None:
    """Without queryId, statusCode or semanticsText lenient mode answers, and repeats only what is valid."""
    consumer = Consumer(mock)
    await consumer.feed(person((DOMAIN_A, "1"), (DOMAIN_B, "2")))
    request = pix_query.pix_query_request(
        II(DOMAIN_A, "1"),
        query_id=II(),
        message_id="",
        creation_time="",
        sender_oid="no OID",
        receiver_oid="",
    )
    answer = await consumer.ask(pix_query.SPEC, request)
    assert told(answer) == [(DOMAIN_B, "2")]
    assert answer.query is None
    silent = pdq.pdq_request(Sought(), query_id=II(), message_id="", creation_time="", sender_oid="", receiver_oid="")
    assert len((await consumer.ask(pdq.SPEC, silent)).registrations) == 1


async def test_two_servers_are_one_domain(start_mock: StartMock, tmp_path: Path) -> None:
    """What was fed, merged or half told by one server is known to the other at once."""
    directory = str(tmp_path / "shared")
    one, other = Consumer(await start_mock(data_dir=directory)), Consumer(await start_mock(data_dir=directory))
    await one.feed(person((DOMAIN_A, "1")))
    await other.feed(person((DOMAIN_B, "2")))
    assert told(await one.identifiers((DOMAIN_A, "1"))) == [(DOMAIN_B, "2")]
    answer = await one.find(MUSTER, limit=1)
    assert answer.query is not None
    assert told(await other.more(answer.query.query_id)) == [(DOMAIN_B, "2")]
    assert (await other.merge(person((DOMAIN_A, "9")), (DOMAIN_A, "1"))).type_code == "CA"
    assert (await one.identifiers((DOMAIN_A, "1"))).response_code == "AE"


@pytest.mark.parametrize("digits", ["9" * 5000, "\u0663", "-1", "1.5"], ids=["endless", "arabic", "negative", "part"])
async def test_no_number_upsets_the_supplier(consumer: Consumer, digits: str) -> None:
    """Numbers of results that nobody can count are as if they were not there, in a query and in its continuation."""
    for number in range(4):
        await consumer.feed(person((DOMAIN_A, str(number))))
    request = pdq.pdq_request(MUSTER, query_id=consumer.query_id(), limit=0, **AROUND)
    assert request.act is not None
    uncounted = replace(request, act=replace(request.act, query=replace(request.query, initial_quantity=digits)))
    assert len((await consumer.ask(pdq.SPEC, uncounted)).registrations) == 4

    first = await consumer.find(MUSTER, limit=1)
    assert first.ack is not None
    more = pdq.continuation_request(first.ack.query_id or II(), **AROUND)
    assert more.continuation is not None
    odd = replace(more, continuation=replace(more.continuation, start=digits, quantity=digits))
    assert told(await consumer.ask(pdq.CONTINUE_SPEC, odd)) == [(DOMAIN_A, "1"), (DOMAIN_A, "2"), (DOMAIN_A, "3")]
