"""What is wrong with a query: each mistake trips its own rule, and is refused or let pass."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.domain.registry.queries.catalogue import BY_NAME, STORED_QUERIES, StoredQuery
from ihe_test_util.exchange import Finding
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.iti18 import OBJECT_REF, SPEC, StoredQueryRequest
from ihe_test_util.xml.ebrim import Slot, urns
from ihe_test_util.xml.io import parse, serialize

E: Final = "$XDSDocumentEntry"
PATIENT: Final = Slot(f"{E}PatientId", ("'P1^^^&2.999.1&ISO'",))
STATUS: Final = Slot(f"{E}Status", (f"('{urns.APPROVED}')",))
FIND: Final = BY_NAME["find-documents"].id
ONE_UUID: Final = "urn:uuid:00000000-0000-4000-8000-000000000001"


def findings(*slots: Slot, query: str = FIND, returns: str = "LeafClass", home: str = "") -> list[Finding]:
    """What the rules say of a query."""
    return SPEC.judge(StoredQueryRequest(query, slots, returns, home))


def slot(name: str, *values: str) -> Slot:
    """A slot on document entries."""
    return Slot(E + name, values)


def test_a_good_query_has_no_findings() -> None:
    """Nothing is said of the least query."""
    assert findings(PATIENT, STATUS) == []
    assert findings(PATIENT, STATUS, returns=OBJECT_REF, home="urn:oid:2.999.9") == []


MISTAKES: Final[Sequence[tuple[str, str, bool, tuple[Slot, ...]]]] = (
    ("RSQ-03", "XDSStoredQueryMissingParam", True, (STATUS,)),
    ("RSQ-03", "XDSStoredQueryMissingParam", True, (PATIENT,)),
    ("RSQ-05", "XDSStoredQueryParamNumber", True, (PATIENT, PATIENT, STATUS)),
    ("RSQ-05", "XDSStoredQueryParamNumber", True, (slot("PatientId", *PATIENT.values, *PATIENT.values), STATUS)),
    ("RSQ-06", "XDSRegistryError", True, (PATIENT, STATUS, STATUS)),
    ("RSQ-06", "XDSRegistryError", True, (PATIENT, STATUS, *[slot("ClassCode", "('a^^s')")] * 2)),
    ("RSQ-07", "XDSRegistryError", True, (PATIENT, STATUS, slot("AuthorPerson", "('O'Brien')"))),
    ("RSQ-07", "XDSRegistryError", True, (PATIENT, STATUS, slot("AuthorPerson"))),
    ("RSQ-08", "XDSRegistryError", True, (PATIENT, STATUS, slot("ClassCode", "('a^^s','b')"))),
    ("RSQ-08", "XDSRegistryError", True, (PATIENT, STATUS, slot("ClassCode", "('a^^s','b^^')"))),
    ("RSQ-07", "XDSRegistryError", True, (PATIENT, STATUS, slot("AuthorPerson", "(Ford)"))),
    ("RSQ-09", "XDSRegistryError", True, (PATIENT, STATUS, slot("CreationTimeFrom", "20241"))),
    ("RSQ-09", "XDSRegistryError", True, (PATIENT, STATUS, slot("CreationTimeFrom", "2024-01-01"))),
    ("RSQ-10", "XDSRegistryError", True, (PATIENT, STATUS, Slot("$MetadataLevel", ("3",)))),
    ("RSQ-12", "XDSRegistryError", False, (PATIENT, STATUS, slot("ClassCode", "('a^shown^s')"))),
)


@pytest.mark.parametrize(("rule", "code", "essential", "slots"), MISTAKES)
def test_a_mistake_trips_its_rule(rule: str, code: str, *, essential: bool, slots: tuple[Slot, ...]) -> None:
    """One finding, with the framework's code; refused in lenient mode too where the query cannot be understood."""
    (finding,) = found = findings(*slots)

    assert (finding.rule, finding.code) == (rule, code)
    assert SPEC.rejecting(found, strict=True) == found
    assert SPEC.rejecting(found, strict=False) == (found if essential else [])


def test_the_query_has_to_be_known() -> None:
    """An id that is none, another's, or not there; letters of either case are the same UUID."""
    for query in ("", "urn:uuid:00000000-0000-4000-8000-000000000000", FIND.removeprefix("urn:uuid:")):
        (finding,) = findings(PATIENT, STATUS, query=query)
        assert (finding.rule, finding.code) == ("RSQ-01", "XDSUnknownStoredQuery")
    assert findings(PATIENT, STATUS, query=FIND.upper().replace("URN:UUID", "urn:uuid")) == []


@pytest.mark.parametrize("returns", ["", "RegistryObject", "LeafClassWithRepositoryItem", "leafclass"])
def test_the_return_type_is_one_of_two(returns: str) -> None:
    """LeafClass or ObjectRef."""
    (finding,) = findings(PATIENT, STATUS, returns=returns)

    assert (finding.rule, finding.code) == ("RSQ-02", "XDSRegistryError")


def test_of_a_choice_exactly_one_is_given() -> None:
    """None is a missing parameter, two are too many."""
    query = BY_NAME["get-documents"].id
    by_uuid, by_id = slot("EntryUUID", f"('{ONE_UUID}')"), slot("UniqueId", "('2.999.1')")

    assert [(one.rule, one.code) for one in findings(query=query)] == [("RSQ-03", "XDSStoredQueryMissingParam")]
    assert [(one.rule, one.code) for one in findings(by_uuid, by_id, query=query)] == [
        ("RSQ-04", "XDSStoredQueryParamNumber")
    ]
    assert findings(by_id, query=query) == []


def test_a_query_for_any_patient_is_selective() -> None:
    """One of some parameters at least is given (ITI TF-2: 3.51.4.1.2.3)."""
    query = BY_NAME["find-documents-for-multiple-patients"].id
    several = slot("PatientId", "('P1^^^&2.999.1&ISO','P2')")

    (missing,) = findings(STATUS, query=query)

    assert (missing.rule, missing.code) == ("RSQ-03", "XDSStoredQueryMissingParam")
    assert "$XDSDocumentEntryHealthcareFacilityTypeCode" in missing.want
    assert findings(STATUS, slot("ClassCode", "('a^^s')"), query=query) == []
    assert [one.rule for one in findings(STATUS, several, query=query)] == ["RSQ-15"]


def test_a_value_is_wanted_or_excluded_not_both() -> None:
    """CP-ITI-1323."""
    query = BY_NAME["find-documents-exclude"].id
    both = slot("ClassCode", "('a^^s')"), slot("ClassCodeExclude", "('b^^s')")

    assert [one.rule for one in findings(PATIENT, STATUS, *both, query=query)] == ["RSQ-04"]
    assert findings(PATIENT, STATUS, both[1], query=query) == []


def test_states_that_are_not_understood_are_ignored() -> None:
    """ITI TF-2: 3.18.4.1.2.3.6: with a warning; and where nothing is left the parameter is missing."""
    both = findings(PATIENT, slot("Status", f"('{urns.APPROVED}','urn:x:Submitted')"))
    none = findings(PATIENT, slot("Status", "('Approved')"))

    assert [one.rule for one in both] == ["RSQ-17"]
    assert SPEC.rejecting(both, strict=True) == []
    assert [one.rule for one in none] == ["RSQ-03", "RSQ-17"]
    assert none[1].want == urns.APPROVED


def test_what_the_query_does_not_know_has_no_effect() -> None:
    """A misspelt parameter is told with the nearest known; the coding scheme slot of older peers is accepted."""
    old = slot("ClassCode", "('a^^s')"), slot("ClassCodeScheme", "('s')")
    (finding,) = found = findings(PATIENT, STATUS, slot("ClasCode", "('a^^s')"))

    assert findings(PATIENT, STATUS, *old) == []
    assert finding.rule == "RSQ-16"
    assert '"$xdsdocumententryclasscode"' in finding.want.lower()
    assert SPEC.rejecting(found, strict=True) == []


@pytest.mark.parametrize(
    "slots",
    [
        (PATIENT, STATUS, Slot("$MetadataLevel", ("'2'",))),
        (PATIENT, STATUS, slot("CreationTimeTo", "'2024'")),
        (PATIENT, STATUS, slot("ClassCode", "'a^^s'")),
        (slot("PatientId", "('P1^^^&2.999.1&ISO')"), STATUS),
    ],
)
def test_what_is_plain_in_another_form_is_read(slots: tuple[Slot, ...]) -> None:
    """A number in quotes, a list of one without parentheses: odd, and answered."""
    (finding,) = found = findings(*slots)

    assert (finding.rule, SPEC.rejecting(found, strict=True)) == ("RSQ-11", [])


def test_a_value_longer_than_ebrim_allows_is_read() -> None:
    """A long list of ids in one Value harms nobody."""
    (finding,) = found = findings(PATIENT, STATUS, slot("AuthorPerson", f"('{'a' * 256}')"))

    assert (finding.rule, SPEC.rejecting(found, strict=True)) == ("RSQ-13", [])


def test_identifiers_that_find_nothing_are_told() -> None:
    """A patient without assigning authority, a UUID that is no URN."""
    patient = findings(slot("PatientId", "'P1'"), STATUS)
    uuid = findings(slot("EntryUUID", f"('{ONE_UUID[9:]}')"), query=BY_NAME["get-documents"].id)

    assert [one.rule for one in patient] == [one.rule for one in uuid] == ["RSQ-15"]
    assert SPEC.rejecting([*patient, *uuid], strict=True) == []


def test_the_home_community_is_an_oid() -> None:
    """As a URN."""
    assert [one.rule for one in findings(PATIENT, STATUS, home="2.999.9")] == ["RSQ-14"]


def test_everything_is_told_at_once() -> None:
    """With the place of each."""
    found = findings(
        slot("ClassCode", "('a')"), slot("AuthorPerson", "('x"), slot("CreationTimeTo", "now"), returns="All"
    )

    assert [(one.rule, one.path) for one in found] == [
        ("RSQ-02", "/AdhocQueryRequest/ResponseOption/@returnType"),
        ("RSQ-03", "/AdhocQueryRequest/AdhocQuery/Slot"),
        ("RSQ-03", "/AdhocQueryRequest/AdhocQuery/Slot"),
        ("RSQ-07", "/AdhocQueryRequest/AdhocQuery/Slot[2]/ValueList/Value[1]"),
        ("RSQ-08", "/AdhocQueryRequest/AdhocQuery/Slot[1]/ValueList/Value[1]"),
        ("RSQ-09", "/AdhocQueryRequest/AdhocQuery/Slot[3]/ValueList/Value[1]"),
    ]
    assert "$XDSDocumentEntryClassCode" in found[-2].got


NAMES: Final = sorted({parameter.name for query in STORED_QUERIES for parameter in query.parameters})


@given(
    st.sampled_from(STORED_QUERIES),
    st.lists(
        st.tuples(
            st.sampled_from([*NAMES, "$x", ""]),
            st.lists(
                st.text("'(), a1^|\t", max_size=12) | st.sampled_from(["('a^^s')", "'a'", "2024", "2"]), max_size=3
            ),
        ),
        max_size=6,
    ),
)
def test_no_query_breaks_the_reader(query: StoredQuery, slots: list[tuple[str, list[str]]]) -> None:
    """Whatever stands in the slots, the rules have their say, and the query comes back from XML the same."""
    request = StoredQueryRequest(query.id, tuple(Slot(name, tuple(values)) for name, values in slots))
    element = parse(serialize(SPEC.build_request(request).element))

    assert all(finding.path.startswith("/AdhocQueryRequest/") for finding in SPEC.judge(request))
    assert SPEC.parse_request(element, InlineAttachments()) == request


def test_a_message_of_mistakes_is_not_told_whole() -> None:
    """Half a million of them would take more memory and time than the message is worth."""
    found = findings(PATIENT, STATUS, *[slot("Unknown", "x")] * 5000, *[slot("ClassCode", "(")] * 5000)

    assert len(found) <= 1000
    assert {one.rule for one in found} == {"RSQ-06", "RSQ-07", "RSQ-16"}


@pytest.mark.parametrize("query", STORED_QUERIES, ids=lambda query: query.name)
def test_a_row_of_the_catalogue_is_complete(query: StoredQuery) -> None:
    """Every query has parameters with names of their own, and words for people that tell them apart."""
    names = [one.name for one in query.parameters]

    assert BY_NAME[query.name] is query
    assert len(set(names)) == len(names) == len(query.options())
    assert all(one.says for one in query.parameters)
    assert {name for choice in (*query.choices, *query.exclusions) for name in choice} <= set(names)
    assert any(one.required for one in query.parameters) or query.choices


def test_queries_have_ids_and_names_of_their_own() -> None:
    """The fourteen of the framework, the one that excludes, and the one of the German ePA."""
    assert len({one.id for one in STORED_QUERIES}) == len(BY_NAME) == len(STORED_QUERIES) == 19
