"""Identifiers that end in favour of others (ITI TF-2: 3.44.4.2.3)."""

from datetime import datetime
from typing import Final

from ihe_test_util.domain.patients import MergeProblem, Patient, Standing
from ihe_test_util.domain.registry.merging import take_over
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.patient_rows import FEED, LINK, links_of, rows_of
from ihe_test_util.store.registry import RegistryRows
from ihe_test_util.xml.hl7v3 import II

_STANDING: Final = "SELECT merged_into FROM patients WHERE root = ? AND extension = ?"
_END: Final = "UPDATE patients SET merged_into = ? WHERE root = ? AND extension = ?"
_FOLLOW: Final = "UPDATE patients SET merged_into = ? WHERE merged_into = ? AND merged_into > ''"
# What referred to the identifier that ends refers to the one that stays, unless that is so already.
_RELINK: Final = (
    "INSERT INTO patient_links (root, extension, other_root, other_extension, fed_at)"
    " SELECT ?, ?, other_root, other_extension, fed_at FROM patient_links WHERE root = ? AND extension = ?"
    " ON CONFLICT (root, extension, other_root, other_extension) DO NOTHING"
)
_RELINK_OTHER: Final = (
    "INSERT INTO patient_links (root, extension, other_root, other_extension, fed_at)"
    " SELECT root, extension, ?, ?, fed_at FROM patient_links WHERE other_root = ? AND other_extension = ?"
    " ON CONFLICT (root, extension, other_root, other_extension) DO NOTHING"
)
_UNLINK: Final = "DELETE FROM patient_links WHERE root = ? AND extension = ?"
_UNLINK_OTHER: Final = "DELETE FROM patient_links WHERE other_root = ? AND other_extension = ?"


def standing_of(connection: Connection, identifier: II) -> Standing:
    """Whether an identifier was fed, and is still in use."""
    row = connection.execute(_STANDING, (identifier.root, identifier.extension)).fetchone()
    if row is None:
        return Standing.UNKNOWN
    return Standing.SUBSUMED if row[0] else Standing.ACTIVE


def merge(connection: Connection, patient: Patient, subsumed: II, at: datetime) -> MergeProblem | None:
    """End an identifier in favour of the patient's first one; why that is not possible, where it is not."""
    survivor = next(one for one in patient.identifiers if one.root and one.extension)
    stays, ends = (survivor.root, survivor.extension), (subsumed.root, subsumed.extension)
    if stays == ends:
        return MergeProblem.SAME
    ended, kept = standing_of(connection, subsumed), standing_of(connection, survivor)
    if ended is Standing.UNKNOWN:
        return MergeProblem.UNKNOWN
    if ended is Standing.SUBSUMED:
        return MergeProblem.SUBSUMED_BEFORE
    if kept is Standing.SUBSUMED:
        return MergeProblem.SURVIVOR_SUBSUMED
    if kept is Standing.UNKNOWN:
        for insert, rows in ((FEED, rows_of(patient, at)), (LINK, links_of(patient, at))):
            for sql, values in insert.statements(rows) if rows else ():
                connection.execute(sql, values)
    connection.execute(_END, (survivor.cx, *ends))
    connection.execute(_FOLLOW, (survivor.cx, subsumed.cx))
    for relink, unlink in ((_RELINK, _UNLINK), (_RELINK_OTHER, _UNLINK_OTHER)):
        connection.execute(relink, (*stays, *ends))
        connection.execute(unlink, ends)
    take_over(RegistryRows(connection), subsumed=subsumed.cx, surviving=survivor.cx)
    return None
