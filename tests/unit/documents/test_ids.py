"""Identifiers of documents."""

from dataclasses import replace
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.documents.ids import Ids
from ihe_test_util.patients.model import PatientRow

NAMESPACE = "5f0c4f7e-8a39-4e0c-8a53-1f8a7f3a1f01"


@given(st.text() | st.integers())
def test_identifiers_are_uuids_of_version_5(key: str | int) -> None:
    """As RFC 9562 makes them from a namespace and a name; the OID is the same number under 2.25."""
    made = Ids(NAMESPACE).uuid(key)
    if str(key).isprintable():
        assert made == str(uuid5(UUID(NAMESPACE), str(key)))
    assert UUID(made).version == 5
    assert Ids(NAMESPACE).oid(key) == f"2.25.{UUID(made).int}"


def test_a_seed_decides_together_with_patient_row_and_template(row: PatientRow) -> None:
    """Nothing else does, so that two runs agree, and two documents never share an identifier."""
    one = Ids.seeded(7, row, "template")
    assert one == Ids.seeded(7, replace(row, last_name="Married"), "template")
    others = (
        Ids.seeded(8, row, "template"),
        Ids.seeded(7, replace(row, line=3), "template"),
        Ids.seeded(7, replace(row, patient_id="PAT-2"), "template"),
        Ids.seeded(7, replace(row, patient_id_oid="2.999.9"), "template"),
        Ids.seeded(7, row, "other template"),
    )
    assert len({one.namespace, *(other.namespace for other in others)}) == 6


def test_without_seed_the_source_of_uuids_decides() -> None:
    """It is handed in."""
    assert Ids.fresh(lambda: NAMESPACE) == Ids(NAMESPACE)
