"""Patients as the registry keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL


@dataclass(frozen=True, slots=True)
class Patient:
    """One identity of a person under one or more assigning authorities (ITI TF-2: 3.44.4.1.2).

    ``gender`` is the code of administrativeGenderCode, ``birth_time`` an HL7 TS as it arrived; both empty
    where they were not given. ``deceased`` is None where the feed did not say; ``deceased_time`` is a TS too.
    """

    identifiers: tuple[II, ...]
    names: tuple[PN, ...] = ()
    gender: str = ""
    birth_time: str = ""
    addresses: tuple[AD, ...] = ()
    telecoms: tuple[TEL, ...] = ()
    other_ids: tuple[II, ...] = ()
    deceased: bool | None = None
    deceased_time: str = ""


class PatientStore(Protocol):
    """Keeps patients; a call returns when what it wrote is durable."""

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Add a patient, or replace the demographics of a known identity.

        Raises:
            StorageError: nothing was stored.
        """

    async def reset(self) -> None:
        """Forget every patient."""
