"""The files under examples/ are what they say they are."""

from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.exchange import Severity
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS
from ihe_test_util.xml.io import parse
from tests.support.schemas import CHECK, Problems, schema_check

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
#: Those whose examples lie in the directory itself.
NAMED = {"pix-add", "iti-41"}


@pytest.fixture(scope="session")
def problems() -> Problems:
    """Validates an element against the schemas beside the project."""
    check = schema_check()
    if check is None:
        pytest.skip(f"the schemas are not beside the project ({CHECK.parent})")
    return check


@pytest.mark.parametrize("name", ["pix-add.xml", "iti41-metadata.xml", "sample-ccd.xml"])
def test_every_example_is_schema_valid(name: str, problems: Problems) -> None:
    """HL7 V3 2008, XDS.b, CDA R2 with SDTC."""
    assert list(problems(parse((EXAMPLES / name).read_bytes()))) == []


@pytest.mark.parametrize("card", [card for card in TRANSACTIONS if card.name not in NAMED], ids=lambda card: card.name)
def test_each_other_transaction_has_a_message(card: AnyTransaction, problems: Problems) -> None:
    """``send NAME examples/messages/NAME.xml`` works for each: schema-valid, and no rule is broken."""
    message = parse((EXAMPLES / "messages" / f"{card.name}.xml").read_bytes())

    assert card.takes(message)
    if card.name != "pdq-cancel":  # its root is IHE's, and in no schema of HL7
        assert list(problems(message)) == []
    found = card.judge(card.parse_request(message, InlineAttachments()))
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


def test_the_registration_breaks_no_rule() -> None:
    """A strict PIX manager has nothing to say against it."""
    request = pix_add.SPEC.parse_request(parse((EXAMPLES / "pix-add.xml").read_bytes()), InlineAttachments())
    assert pix_add.SPEC.judge(request) == []


def test_the_metadata_with_their_document_break_no_rule() -> None:
    """Hash and size included."""
    metadata = parse((EXAMPLES / "iti41-metadata.xml").read_bytes())
    request = iti41.request_from_metadata(metadata, [Content.of_file(EXAMPLES / "sample-ccd.xml")])
    assert iti41.SPEC.judge(request) == []


def test_the_examples_are_about_one_patient() -> None:
    """Registered, described and documented under one identifier."""
    registration = pix_add.SPEC.parse_request(parse((EXAMPLES / "pix-add.xml").read_bytes()), InlineAttachments())
    metadata = parse((EXAMPLES / "iti41-metadata.xml").read_bytes())
    request = iti41.request_from_metadata(metadata, [Content.of_file(EXAMPLES / "sample-ccd.xml")])
    document = parse((EXAMPLES / "sample-ccd.xml").read_bytes())
    hl7 = {"hl7": "urn:hl7-org:v3"}
    patient = document.find("hl7:recordTarget/hl7:patientRole/hl7:id", hl7)
    assert patient is not None
    identifier = registration.patient.identifiers[0]
    assert (identifier.root, identifier.extension) == (patient.get("root"), patient.get("extension"))
    assert {view.patient_id for view in request.metadata.views} == {identifier.cx}


def test_the_document_says_which_templates_it_follows() -> None:
    """C-CDA R2.1: US Realm Header, Continuity of Care Document, and its required sections."""
    document = parse((EXAMPLES / "sample-ccd.xml").read_bytes())
    templates = {each.get("root") for each in document.iter("{urn:hl7-org:v3}templateId") if each.get("extension")}
    header = {f"2.16.840.1.113883.10.20.22.1.{number}" for number in (1, 2)}
    sections = {f"2.16.840.1.113883.10.20.22.2.{number}" for number in ("6.1", "1.1", "5.1", "3.1", "17", "4.1")}
    assert header | sections <= templates


def test_the_narrative_of_the_document_is_there() -> None:
    """Every reference of an entry points to an ID of the narrative."""
    document = parse((EXAMPLES / "sample-ccd.xml").read_bytes())
    ids = {f"#{each.get('ID')}" for each in document.iter() if each.get("ID")}
    references = {each.get("value") for each in document.iter("{urn:hl7-org:v3}reference")}
    assert references
    assert references <= ids
