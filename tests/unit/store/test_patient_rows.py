"""Patients as rows: whatever was fed comes back as it was, and is written as JSON is."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.domain.patients import Patient
from ihe_test_util.store.patient_rows import patient_of, rows_of
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL, Part

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
TEXT = st.one_of(st.text(max_size=6), st.text('"\\\x00\x1f\x7f\n, []éß\u2028', max_size=6))
IDS = st.builds(II, st.just("2.999.1"), TEXT, TEXT, TEXT)
PARTS = st.lists(st.builds(Part, TEXT, TEXT, TEXT), max_size=3).map(tuple)
PATIENTS = st.builds(
    Patient,
    st.lists(IDS, min_size=1, max_size=2).map(tuple),
    st.lists(st.builds(PN, PARTS, TEXT, TEXT), max_size=2).map(tuple),
    st.sampled_from(["", "F"]),
    TEXT,
    st.lists(st.builds(AD, PARTS, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(TEL, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(IDS, max_size=2).map(tuple),
    st.sampled_from([None, False, True]),
    TEXT,
)


@given(PATIENTS)
def test_a_row_reads_back_as_the_patient(patient: Patient) -> None:
    """Nothing of a patient is lost or changed, and what is stored is the JSON that Python writes."""
    row = rows_of(patient, NOW)[0]
    gender, birth_time, demographics = (str(value) for value in row[4:7])

    assert patient_of(gender, birth_time, demographics) == patient
    assert demographics == json.dumps(json.loads(demographics), ensure_ascii=False, separators=(",", ":"))
