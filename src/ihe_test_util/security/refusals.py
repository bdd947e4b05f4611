"""Why an assertion is not believed: each reason has a name that stays, and says what was wrong and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from ihe_test_util.errors import PeerError


class Reason(StrEnum):
    """The names of the reasons."""

    MALFORMED_XML = "malformed-xml"
    NO_ASSERTION = "no-assertion"
    ENCRYPTED = "encrypted"
    SEVERAL_ASSERTIONS = "several-assertions"
    MISPLACED = "misplaced"
    MALFORMED = "malformed"
    COMMENT = "comment"
    DUPLICATE_ID = "duplicate-id"
    UNSIGNED = "unsigned"
    SIGNATURE_MISPLACED = "signature-misplaced"
    SEVERAL_SIGNATURES = "several-signatures"
    SIGNATURE_MALFORMED = "signature-malformed"
    NO_REFERENCE = "no-reference"
    SEVERAL_REFERENCES = "several-references"
    OTHER_ELEMENT = "other-element"
    TRANSFORM = "transform"
    CANONICALIZATION = "canonicalization"
    WEAK_ALGORITHM = "weak-algorithm"
    HMAC = "hmac"
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    WEAK_KEY = "weak-key"
    NO_CERTIFICATE = "no-certificate"
    UNTRUSTED = "untrusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_USAGE = "certificate-usage"
    KEY_INFO = "key-info"
    DIGEST = "digest"
    SIGNATURE_VALUE = "signature-value"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    ISSUED_IN_FUTURE = "issued-in-future"
    NO_TIME_LIMIT = "no-time-limit"
    AUDIENCE = "audience"
    UNKNOWN_CONDITION = "unknown-condition"
    CONFIRMATION = "confirmation"
    RECIPIENT = "recipient"
    HOLDER = "holder"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for which an assertion is not believed; empty parts would add nothing.

    ``section`` is that of the standard, ``where`` an XPath, with the line where it is known.
    """

    reason: Reason
    section: str
    message: str
    where: str = ""
    got: str = ""
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [f"{self.message} [{self.reason}]"]
        for label, value in (("at", self.where), ("got", self.got), ("expected", self.expected), ("try", self.hint)):
            if value:
                parts.append(f"{label}: {value}")
        return "; ".join(parts)


class Refused(PeerError):
    """Nothing more can be said of an assertion after this ``refusal``."""

    def __init__(
        self,
        reason: Reason,
        section: str,
        message: str,
        *,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, where=where, got=got, expected=expected, hint=hint)
        self.refusal = Refusal(reason, section, message, where, got, expected, hint)
