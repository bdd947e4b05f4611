"""Messages made from a row, judged by the rules that a strict server has."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.batch.checkpoint import RunHeader
from ihe_test_util.batch.job import message_settings
from ihe_test_util.batch.messages import registered_id, registration, source_patient_info, submission
from ihe_test_util.batch.plan import PatientPlan, Planner
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.documents.template import Template
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.transactions import iti41, pix_add

_fixtures_do_not_change = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
_name = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
SETTINGS = message_settings(ClientConfig())
TEMPLATE = Template.load("ccd-minimal")


@pytest.fixture
def plan(header: RunHeader, patient: Callable[..., PatientRow]) -> PatientPlan:
    """The plan for one patient."""
    return Planner(header).plan(patient(address="1 Main St", city="Basel", zip="4051", mrn="M-1", ssn="987-65-4320"))


@_fixtures_do_not_change
@given(first=_name, last=_name, city=_name, gender=st.sampled_from("MFOU"))
def test_both_messages_keep_every_rule(
    header: RunHeader, patient: Callable[..., PatientRow], first: str, last: str, city: str, gender: str
) -> None:
    """Whatever the patient is called, a strict server has nothing to say about them."""
    plan = Planner(header).plan(patient(first_name=first, last_name=last, city=city, gender=gender))
    feed = registration(plan, SETTINGS)
    document = TEMPLATE.document(plan.row, now=plan.now, ids=plan.document_ids)
    provide = submission(plan, document, plan.patient_id, SETTINGS)
    assert pix_add.SPEC.judge(feed) == []
    assert iti41.SPEC.judge(provide) == []


def test_the_submission_names_both_identifiers(plan: PatientPlan) -> None:
    """patientId is what the registration gave, sourcePatientId what the file says."""
    document = TEMPLATE.document(plan.row, now=plan.now, ids=plan.document_ids)
    request = submission(plan, document, "EID-9^^^&2.999.7&ISO", SETTINGS)
    entry = request.metadata.document_entries[0]
    assert request.metadata.submission_set is not None
    assert entry.patient_id == request.metadata.submission_set.patient_id == "EID-9^^^&2.999.7&ISO"
    assert entry.slots["sourcePatientId"] == ("PAT-1^^^&2.999.1.2&ISO",)
    assert entry.unique_id == document.unique_id
    assert request.metadata.submission_set.unique_id == plan.submission_set_id


@pytest.mark.parametrize(
    ("acknowledged", "expected"),
    [
        ([], "PAT-1^^^&2.999.1.2&ISO"),
        (["EID-9^^^&2.999.7&ISO"], "EID-9^^^&2.999.7&ISO"),
        (["EID-9"], "EID-9^^^&2.999.1.2&ISO"),
        (["", "EID-9"], "EID-9^^^&2.999.1.2&ISO"),
    ],
)
def test_the_acknowledged_identifier_is_used(plan: PatientPlan, acknowledged: list[str], expected: str) -> None:
    """A whole CX, an extension alone, or nothing, as a PIX manager pleases."""
    assert registered_id(plan, acknowledged) == (expected, "")


def test_an_identifier_that_is_none_is_not_used(plan: PatientPlan) -> None:
    """Free text leaves the row's own identifier, and a note."""
    identifier, note = registered_id(plan, ["welcome to us"])
    assert identifier == plan.patient_id
    assert "welcome to us" in note


@pytest.mark.parametrize(
    "given",
    [
        "A~B^^^&2.999.7&ISO",
        "A|B^^^&2.999.7&ISO",
        "x\x9b31m^^^&2.999.7&ISO",
        "x\ny^^^&2.999.7&ISO",
        "x\u202ey",
        "A" * 257,
    ],
)
def test_a_hostile_identifier_is_not_used(plan: PatientPlan, given: str) -> None:
    """What is too long for a slot, separates fields, or steers a terminal goes into no further message."""
    identifier, note = registered_id(plan, [given])
    assert identifier == plan.patient_id
    assert note.isprintable()


def test_separators_in_names_are_escaped(patient: Callable[..., PatientRow]) -> None:
    """What separates the parts of an HL7 V2 field is escaped within them; too long values are left out."""
    row = patient(last_name="A^B&C|D~E\\F", address="x" * 300, city="Basel", dob=date(1980, 2, 29))
    info = list(source_patient_info(row, "PAT-1^^^&2.999.1.2&ISO", "CH"))
    assert info == [
        "PID-3|PAT-1^^^&2.999.1.2&ISO",
        "PID-5|A\\S\\B\\T\\C\\F\\D\\R\\E\\E\\F^Anna",
        "PID-7|19800229",
        "PID-8|F",
    ]
