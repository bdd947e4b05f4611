"""HL7 Version 3: data types, transmission and control act wrappers, acknowledgements (ITI TF-2: Appendix O)."""

from ihe_test_util.xml.hl7v3.datatypes import (
    AD,
    CD,
    II,
    PN,
    TEL,
    Part,
    is_uid,
    is_uuid,
    oid_problem,
    shown,
    ts,
    ts_problem,
)

__all__ = [
    "AD",
    "CD",
    "II",
    "PN",
    "TEL",
    "Part",
    "is_uid",
    "is_uuid",
    "oid_problem",
    "shown",
    "ts",
    "ts_problem",
]
