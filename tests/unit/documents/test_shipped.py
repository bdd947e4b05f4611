"""The templates that come along, filled in for all sorts of patients."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.documents.document import clinical_document
from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.settings import DocumentAuthor, DocumentSettings, Organization
from ihe_test_util.documents.source import SHIPPED
from ihe_test_util.documents.template import Template
from ihe_test_util.patients.csv_reader import read_patients
from ihe_test_util.patients.model import PatientRow

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
TEMPLATES = {name: Template.load(name) for name in SHIPPED}
HL7 = {"v3": "urn:hl7-org:v3"}

_word = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
_optional = st.just("") | _word
_rows = st.fixed_dictionaries({
    "line": st.integers(2, 10_000),
    "first_name": _word,
    "last_name": _word,
    "dob": st.dates(date(1900, 1, 1), date(2026, 1, 12)),
    "gender": st.sampled_from("MFOU"),
    "patient_id_oid": st.just("2.999.10.1"),
    "patient_id": _word,
    **dict.fromkeys(("mrn", "ssn", "address", "city", "state", "zip", "phone", "email"), _optional),
})  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(values=_rows)
def test_documents_are_valid_for_any_patient(name: str, schema: Schema, values: Mapping[str, Any]) -> None:
    """Any text in any column, given or not, any age: the document is valid and carries the patient's identifier."""
    row = PatientRow(**values)
    document = TEMPLATES[name].document(row, now=NOW, ids=Ids.seeded(1, row))
    root = clinical_document(document.content.read(), "document")
    assert schema.errors(root) == ()
    assert document.format_code is not None
    assert document.format_code.code == "urn:hl7-org:sdwg:ccda-structuredBody:2.1"
    assert document.unique_id == Ids.seeded(1, row).oid("document")


@pytest.mark.parametrize("name", SHIPPED)
def test_documents_of_the_sample_patients_are_valid(name: str, schema: Schema) -> None:
    """The patients of examples/patients_sample.csv, with accents, without phones, new-born and very old."""
    sample = ROOT / "examples/patients_sample.csv"
    if not sample.is_file():
        pytest.skip("examples/patients_sample.csv is not there yet")
    rows = [item for item in read_patients(sample, seed=1) if isinstance(item, PatientRow)]
    assert len(rows) >= 10
    ids = set()
    for row in rows:
        document = TEMPLATES[name].document(row, now=NOW, ids=Ids.seeded(1, row))
        root = clinical_document(document.content.read(), "document")
        assert schema.errors(root) == ()
        patient = root.find("v3:recordTarget/v3:patientRole/v3:id", HL7)
        assert patient is not None
        assert (patient.get("root"), patient.get("extension")) == (row.patient_id_oid, row.patient_id)
        ids.add(document.unique_id)
    assert len(ids) == len(rows)


@pytest.mark.parametrize(("age", "entries"), [(0, "No known allergies"), (10, "No medications"), (40, "Lisinopril")])
def test_the_full_template_fits_the_age(row: PatientRow, age: int, entries: str) -> None:
    """An infant has no blood pressure medication."""
    patient = PatientRow(2, "A", "B", date(2026 - age, 1, 1), "F", row.patient_id_oid, "P")
    text = TEMPLATES["ccd-full"].render(patient, now=NOW, ids=Ids.seeded(1, row)).decode()
    assert entries in text
    assert ("Essential hypertension" in text) == (age >= 18)


@pytest.mark.parametrize("name", SHIPPED)
def test_documents_are_valid_whatever_the_settings_leave_out(name: str, schema: Schema, row: PatientRow) -> None:
    """An author without identifier, an organization without address: null flavours, and nothing that is empty."""
    nowhere = Organization("2.999.7", "Somewhere", phone="", address="", city="", state="", zip="", country="")
    sparse = DocumentSettings(author=DocumentAuthor(id="", prefix="", first_name=""), organization=nowhere)
    data = TEMPLATES[name].render(row, now=NOW, ids=Ids.seeded(1, row), settings=sparse)
    assert schema.errors(clinical_document(data, "document")) == ()
    assert b'=""' not in data
