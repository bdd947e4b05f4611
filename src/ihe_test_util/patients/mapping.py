"""A row of a patient file as the patient that messages carry."""

import re
from types import MappingProxyType
from typing import Final

from ihe_test_util.domain.patients import Patient
from ihe_test_util.patients.model import SSN_ROOT, PatientRow
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL

#: Code of administrativeGenderCode (HL7 V3 AdministrativeGender: F, M, UN). It has none for "unknown", which is a
#: null flavor there: such a gender is left out, as the feed allows (ITI TF-2: 3.44.4.1.2).
GENDER_CODES: Final = MappingProxyType({"M": "M", "F": "F", "O": "UN", "U": ""})
_EXTENSION: Final = re.compile(r" *(?:x|ext\.?) *([0-9]+)\Z")


def patient_of(row: PatientRow, *, mrn_oid: str = "") -> Patient:
    """The patient with the identifier of the row first; mrn and ssn are other identifiers.

    ``mrn_oid`` is who assigned the mrn; without it, it is who assigned ``patient_id``. A mrn that repeats the
    patient's identifier is left out.
    """
    identifier = II(row.patient_id_oid, row.patient_id)
    others = []
    mrn = II(mrn_oid or row.patient_id_oid, row.mrn)
    if row.mrn and mrn != identifier:
        others.append(mrn)
    if row.ssn:
        others.append(II(SSN_ROOT, row.ssn))
    address = AD.of(*row.address.split("\n"), city=row.city, state=row.state, postal_code=row.zip, use="HP")
    return Patient(
        identifiers=(identifier,),
        names=(PN.of(row.last_name, row.first_name),),
        gender=GENDER_CODES[row.gender],
        birth_time=row.dob.isoformat().replace("-", ""),
        addresses=(address,) if address.parts else (),
        telecoms=_telecoms(row),
        other_ids=tuple(others),
    )


def _telecoms(row: PatientRow) -> tuple[TEL, ...]:
    found = []
    if row.phone:
        # A tel URI has no blanks; an extension is a parameter of it (RFC 3966, section 3).
        number = _EXTENSION.sub(r";ext=\1", row.phone)
        found.append(TEL(f"tel:{'-'.join(number.split())}", "HP"))
    if row.email:
        found.append(TEL(f"mailto:{row.email}", "HP"))
    return tuple(found)
