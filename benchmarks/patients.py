"""Files of patients, as long as wanted; every patient invented, and another one in each row."""

import csv
from pathlib import Path
from typing import Final

#: Assigned the patient identifiers.
AUTHORITY: Final = "2.999.4.1"
_HEADER: Final = (
    *("first_name", "last_name", "dob", "gender", "patient_id_oid", "patient_id", "mrn", "ssn"),
    *("address", "city", "state", "zip", "phone", "email"),
)
_FIRST_NAMES: Final = ("Anna", "José", "Siobhán", "Wei", "Kwame", "Zoë", "Noor")
_LAST_NAMES: Final = ("Mustermann", "O'Example", "García Muestra", "Sample-Jones", "Beispiel")


def write_patients(path: Path, count: int) -> None:
    """Write so many patients with every column, about 150 bytes each, that validation finds nothing wrong with."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        for number in range(count):
            writer.writerow(
                (
                    _FIRST_NAMES[number % len(_FIRST_NAMES)],
                    _LAST_NAMES[number % len(_LAST_NAMES)],
                    f"{1930 + number % 90}-{number % 12 + 1:02}-{number % 28 + 1:02}",
                    "MFOU"[number % 4],
                    AUTHORITY,
                    f"BENCH-{number:07}",
                    f"MRN-{number:07}",
                    "",
                    f"{number % 999 + 1} Example Way, Apt. {number % 40 + 1}",
                    "San Antonio",
                    "TX",
                    f"{10000 + number % 80000}",
                    f"+1 555 010 {number % 10000:04}",
                    f"patient{number}@example.org",
                )
            )
