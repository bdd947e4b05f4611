"""The record of one request and its answer: both edges write it, everything else reads it."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

#: Names an exchange in the mock's journal, for ``mock requests show``; the mock sends it with each answer.
MOCK_EXCHANGE_HEADER: Final = "X-Mock-Exchange"


class Severity(StrEnum):
    """How bad a finding is; "valid" means: no finding of severity error."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a message does otherwise than the standard says.

    ``path`` is an XPath into the message, or ``objectId/attribute`` for registry metadata;
    ``line`` is 1-based and counts in the XML as it arrived, None where it is not known. ``code`` is the error code
    that the standard gives it, empty where there is none.
    """

    rule: str
    section: str
    severity: Severity
    sentence: str
    path: str = ""
    got: str = ""
    want: str = ""
    line: int | None = None
    code: str = ""

    def __str__(self) -> str:
        where = self.path + (f" (line {self.line})" if self.line else "")
        text = f"{self.rule}: {self.sentence}"
        for label, value in (("at", where), ("got", self.got), ("expected", self.want), ("see", self.section)):
            if value:
                text += f"; {label}: {value}"
        return text


class Outcome(StrEnum):
    """How an exchange ended, as seen by the side that records it."""

    SUCCESS = "success"
    REJECTED = "rejected"  # understood and refused in the transaction's own words (AE, Failure)
    FAULT = "fault"  # answered with a SOAP fault
    SIMULATED = "simulated"  # a failure that the configuration asked for
    ABORTED = "aborted"  # no whole request arrived, or the answer could not be delivered


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A MIME part of a message.

    Its bytes are in ``data`` when small and stored nowhere else, at ``path`` when they were kept apart, and otherwise
    among the stored documents, under ``sha1``.
    """

    content_id: str
    content_type: str
    size: int
    sha1: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One direction of an exchange: HTTP headers in their order, the XML (root part), further parts."""

    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    parts: tuple[PartRecord, ...] = ()

    def header(self, name: str) -> str:
        """The first HTTP header of that name, in any case; empty where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. ``repr`` shows no header and no body: they hold patient data."""

    id: str
    started: datetime
    duration_s: float
    peer: str
    method: str
    target: str
    transaction: str  # code, as ITI-44; empty where none was recognised
    interaction: str  # name of the card, as pix-add
    outcome: Outcome
    http_status: int
    summary: str
    request: Message = field(default_factory=Message, repr=False)
    response: Message = field(default_factory=Message, repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the peer got anything but what it asked for."""
        return self.outcome is not Outcome.SUCCESS


def new_exchange_id() -> str:
    """A fresh id: 19 hex digits that sort by time and are unique across processes."""
    return f"{time.time_ns() // 1000:013x}{os.urandom(3).hex()}"


def exchange_ids() -> Callable[[], str]:
    """A source of such ids that asks the system for randomness once; for one process."""
    bits = random.Random(os.urandom(32)).getrandbits  # noqa: S311 - ids, not secrets
    return lambda: f"{time.time_ns() // 1000:013x}{bits(24):06x}"
