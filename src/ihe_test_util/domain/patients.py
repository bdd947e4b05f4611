"""Patients as the registry keeps them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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


class Standing(StrEnum):
    """What the registry knows of an identifier."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    SUBSUMED = "subsumed"


class MergeProblem(StrEnum):
    """Why identifiers cannot be merged (ITI TF-2: 3.44.4.2.3)."""

    SAME = "the identifier that stays and the one that ends are the same"
    UNKNOWN = "the identifier that ends is not known"
    SUBSUMED_BEFORE = "the identifier that ends was merged into another one before"
    SURVIVOR_SUBSUMED = "the identifier that stays was itself merged into another one before"


@dataclass(frozen=True, slots=True)
class CrossReferencing:
    """How identities of one person are recognized.

    ``by_demographics``: by the same family and given names, day of birth and gender. ``links`` are sets of identifiers
    that belong together whatever was fed. Identifiers that were fed together always do.
    """

    by_demographics: bool = True
    links: tuple[tuple[II, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class NameSought:
    """A name that somebody looks for; either part may be empty, ``*`` stands for any characters."""

    family: str = ""
    given: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Demographics of patients that somebody looks for; whoever fits all that is given is found.

    Of ``identifiers``, ``names``, ``births``, ``addresses`` and ``telecoms`` one has to fit. ``births`` are pairs of
    TS, the first and the last moment; equal ones mean that moment as far as it is given.
    """

    identifiers: tuple[II, ...] = ()
    names: tuple[NameSought, ...] = ()
    gender: str = ""
    births: tuple[tuple[str, str], ...] = ()
    addresses: tuple[AD, ...] = ()
    telecoms: tuple[TEL, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is sought in particular."""
        return self == Sought()


@dataclass(frozen=True, slots=True)
class PendingQuery:
    """A demographics query of which more can be had (ITI TF-2: 3.47.4.3).

    ``query`` is the query as whoever asks for it wrote it down; ``found`` are the patients who fit, each by its first
    identifier; ``told`` of them were given out.
    """

    query_id: II
    query: str
    found: tuple[II, ...]
    told: int


class PatientStore(Protocol):
    """Keeps patients; a call returns when what it wrote is durable. Every call may raise StorageError."""

    async def feed(self, patient: Patient, *, at: datetime) -> None:
        """Add a patient, or replace the demographics of a known identity; one that had ended is active again.

        Raises:
            StorageError: nothing was stored.
        """

    async def merge(self, patient: Patient, subsumed: II, *, at: datetime) -> MergeProblem | None:
        """End an identifier in favour of the patient's first one, which is registered where it is not known.

        Returns:
            Why that is not possible, and nothing was changed; None where it was done.
        """

    async def standing(self, identifier: II) -> Standing:
        """Whether an identifier was fed, and is still in use."""

    async def subsumed_by(self, identifier: II) -> tuple[II, ...]:
        """The identifiers that ended in favour of this one, at once or one after the other."""

    async def unknown_domains(self, roots: Collection[str]) -> tuple[str, ...]:
        """Those assigning authorities under which no patient was ever fed, in their order."""

    async def corresponding(self, identifier: II, rule: CrossReferencing) -> tuple[II, ...] | None:
        """The other identifiers of the person, in the order of root and extension; None where this one is not known."""

    async def find(self, sought: Sought, *, limit: int) -> tuple[Patient, ...]:
        """The patients who fit, at most so many, in the order of their first identifiers."""

    async def fetch(self, identifiers: Sequence[II]) -> tuple[Patient, ...]:
        """The patients with these identifiers, in their order; without those who are gone."""

    async def keep_query(self, query: PendingQuery, *, at: datetime) -> None:
        """Remember a query of which there is more, and forget those that nobody asked about for an hour."""

    async def pending_query(self, query_id: II) -> PendingQuery | None:
        """The query of which there is more."""

    async def drop_query(self, query_id: II) -> bool:
        """Forget a query; whether there was one."""

    async def reset(self) -> None:
        """Forget every patient and query."""
