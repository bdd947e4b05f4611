"""Every error this package raises on purpose.

::

    IheTestUtilError
    ├── BadInput              ours: what the user of this tool gave us
    │   ├── ConfigError         a configuration file, variable or option
    │   └── CertificateError    a certificate or key that cannot be used
    ├── PeerError             theirs: the software at the other end
    │   ├── PeerMalformed       what it sent cannot be read
    │   │   ├── XmlMalformed      not XML, or XML nobody should send
    │   │   ├── MimeMalformed     multipart/related that contradicts itself
    │   │   ├── SoapMalformed     not a SOAP envelope, or one that cannot be processed
    │   │   ├── MessageMalformed  a SOAP body that is not the message it should be
    │   │   ├── OtherMessage      the answer to another message than ours
    │   │   └── NoSoapAnswer      HTTP answered by itself: an error page, a redirect, nothing
    │   ├── MessageTooLarge     more than we are configured to take
    │   ├── PeerTooSlow         it stopped sending, or reading
    │   ├── PeerFault           it answered with a SOAP fault
    │   └── Refused             it said no in the transaction's own words
    ├── Unreachable           the network between us
    │   ├── UnknownHost         no such name
    │   └── TlsFailed           no TLS that both ends accept
    ├── StorageError          our disk: nothing was stored, nothing may be acknowledged
    └── ServerError           our mock server as a process
        ├── AlreadyRunning      another instance holds the port or the data directory
        └── StartFailed         the child did not become ready

Each class carries the exit code of the command line (``exit_code``), the SOAP fault code
(``soap_code``) and the ``scenario`` under which a configured response template replaces its
text. What it means for a run, and the remedy, is the row of ``failures`` that it carries (``failure``). Nothing sorts
errors by the words of their message.
"""

from enum import StrEnum
from typing import ClassVar

from ihe_test_util import failures
from ihe_test_util.config_problem import ConfigProblem
from ihe_test_util.failures import Category, Failure


class FaultCode(StrEnum):
    """SOAP 1.2 fault codes (SOAP 1.2 Part 1, 5.4.6); SOAP 1.1 names are derived from them."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    MUST_UNDERSTAND = "MustUnderstand"
    VERSION_MISMATCH = "VersionMismatch"


class Scenario(StrEnum):
    """Why a fault is sent; the keys of ``response_templates`` in the configuration."""

    SIMULATED_FAILURE = "simulated_failure"
    VALIDATION_FAILED = "validation_failed"
    MALFORMED_XML = "malformed_xml"
    MALFORMED_MIME = "malformed_mime"
    MALFORMED_SOAP = "malformed_soap"
    MALFORMED_MESSAGE = "malformed_message"
    VERSION_MISMATCH = "version_mismatch"
    MUST_UNDERSTAND = "must_understand"
    NOT_MTOM = "not_mtom"
    UNKNOWN_ACTION = "unknown_action"
    WRONG_ENDPOINT = "wrong_endpoint"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    STORAGE_FAILURE = "storage_failure"
    INTERNAL_ERROR = "internal_error"


class IheTestUtilError(Exception):
    """What was wrong, where, what was found, what was expected, and what to do next.

    ``message`` says what was wrong in one sentence without a full stop; the other parts are empty
    where they would add nothing.
    """

    exit_code: ClassVar[int] = 1
    soap_code: ClassVar[FaultCode] = FaultCode.RECEIVER
    scenario: ClassVar[Scenario] = Scenario.INTERNAL_ERROR
    http_status: ClassVar[int | None] = None
    usual_failure: ClassVar[Failure] = failures.UNEXPECTED

    def __init__(self, message: str, *, where: str = "", got: str = "", expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.got = got
        self.expected = expected
        self.hint = hint

    @property
    def failure(self) -> Failure:
        """The cause that it is counted under, with its remedy."""
        return self.usual_failure

    @property
    def category(self) -> Category:
        """Whether to try again (transient), to go on with the next patient (permanent), or to stop (critical)."""
        return self.failure.category

    def __str__(self) -> str:
        parts = [self.message]
        for label, value in (("at", self.where), ("got", self.got), ("expected", self.expected), ("try", self.hint)):
            if value:
                parts.append(f"{label}: {value}")
        return "; ".join(parts)


class BadInput(IheTestUtilError):
    """What the user of this tool gave us cannot be used."""

    soap_code = FaultCode.SENDER
    usual_failure = failures.BAD_INPUT


class ConfigError(BadInput):
    """One configuration problem, or several listed in the message, one a line."""

    usual_failure = failures.CONFIGURATION

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
        problems: tuple[ConfigProblem, ...] = (),
    ) -> None:
        super().__init__(message, where=where, got=got, expected=expected, hint=hint)
        self.problems = problems or (ConfigProblem(where or None, None, None, "", message),)


class CertificateError(BadInput):
    """A certificate or private key cannot be read, does not match, or has expired."""

    usual_failure = failures.CERTIFICATE


class PeerError(IheTestUtilError):
    """The software at the other end did something wrong, or says that we did."""

    soap_code = FaultCode.SENDER
    usual_failure = failures.UNREADABLE


class PeerMalformed(PeerError):
    """The peer sent something that cannot be read as what it claims to be."""

    scenario = Scenario.MALFORMED_MESSAGE


class XmlMalformed(PeerMalformed):
    """Not well-formed XML, wrongly encoded, or with a DTD, too deep, too large.

    ``position`` is the line and column, from 1, at which the parser gave up; None where it did not get that far.
    """

    scenario = Scenario.MALFORMED_XML
    position: tuple[int, int] | None = None


class MimeMalformed(PeerMalformed):
    """A multipart/related message (RFC 2387, XOP, MTOM) that contradicts itself."""

    scenario = Scenario.MALFORMED_MIME


class SoapMalformed(PeerMalformed):
    """Not a SOAP envelope, or one whose structure SOAP forbids."""

    scenario = Scenario.MALFORMED_SOAP


class VersionMismatch(SoapMalformed):
    """The envelope's namespace is neither SOAP 1.1 nor SOAP 1.2, or not the one the content type announces."""

    soap_code = FaultCode.VERSION_MISMATCH
    scenario = Scenario.VERSION_MISMATCH


class NotUnderstood(SoapMalformed):
    """Header blocks marked mustUnderstand that we do not implement.

    ``blocks`` holds their ``(namespace, local name)`` pairs, for the NotUnderstood headers of SOAP 1.2.
    """

    soap_code = FaultCode.MUST_UNDERSTAND
    scenario = Scenario.MUST_UNDERSTAND

    def __init__(self, message: str, *, blocks: tuple[tuple[str, str], ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.blocks = blocks


class MessageMalformed(PeerMalformed):
    """The SOAP body is not the message that it should be, so that nothing can be read from it."""


class OtherMessage(PeerMalformed):
    """The answer names another message as the one that it answers, so that ours has an unknown outcome."""

    usual_failure = failures.OTHER_MESSAGE


class NotMtom(PeerMalformed):
    """A transaction that demands MTOM/XOP came as plain SOAP."""

    scenario = Scenario.NOT_MTOM


class UnknownAction(PeerMalformed):
    """Neither wsa:Action nor the body's root element names a transaction we know."""

    scenario = Scenario.UNKNOWN_ACTION


class WrongEndpoint(PeerMalformed):
    """A known message at a path where another transaction lives."""

    scenario = Scenario.WRONG_ENDPOINT


class UnsupportedMediaType(PeerMalformed):
    """A content type that is none of SOAP 1.1, SOAP 1.2 and MTOM."""

    scenario = Scenario.UNSUPPORTED_MEDIA_TYPE
    http_status = 415


class MessageTooLarge(PeerError):
    """The message, or a part of it, exceeds a configured limit."""

    scenario = Scenario.TOO_LARGE
    http_status = 413
    usual_failure = failures.TOO_LARGE


class PeerTooSlow(PeerError):
    """The peer stopped sending, or sends less than the configured minimum."""

    scenario = Scenario.TOO_SLOW
    http_status = 408
    usual_failure = failures.TOO_SLOW


class NoSoapAnswer(PeerMalformed):
    """What came back is no SOAP message: ``status`` and ``content_type`` say what HTTP said.

    ``retry_after_s`` is when the peer wants to be asked again, None where it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        content_type: str = "",
        retry_after_s: float | None = None,
        where: str = "",
        got: str = "",
        expected: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, where=where, got=got, expected=expected, hint=hint)
        self.status = status
        self.content_type = content_type
        self.retry_after_s = retry_after_s

    @property
    def failure(self) -> Failure:
        """By HTTP's status."""
        return failures.of_status(self.status)


class PeerFault(PeerError):
    """The peer answered with a SOAP fault, of either version; ``status`` is that of HTTP.

    ``retry_after_s`` is when the peer wants to be asked again, None where it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        code: FaultCode,
        reason: str,
        detail: str = "",
        subcode: str = "",
        status: int = 0,
        retry_after_s: float | None = None,
        where: str = "",
        got: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, where=where, got=got, hint=hint)
        self.code = code
        self.reason = reason
        self.detail = detail
        self.subcode = subcode
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def failure(self) -> Failure:
        """By subcode, HTTP's status, and code."""
        return failures.of_fault(self.code, self.subcode, self.status)


class Refused(PeerError):
    """The peer understood a request and said no in the transaction's own words (AE, Failure).

    ``codes`` are those of its errors, ``details`` its reasons.
    """

    def __init__(
        self, message: str, *, codes: tuple[str, ...] = (), details: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        super().__init__(message, got="; ".join(details), hint=hint)
        self.codes = codes
        self.details = details

    @property
    def failure(self) -> Failure:
        """By the codes."""
        return failures.of_refusal(self.codes)


class Unreachable(IheTestUtilError):
    """The peer could not be reached, or was lost: name, connection, TLS, time.

    ``sent`` is False where the peer cannot have received the whole request, so that nothing has happened there;
    where it is True the outcome is unknown.
    """

    usual_failure = failures.NOT_REACHED

    def __init__(
        self, message: str, *, sent: bool = False, where: str = "", got: str = "", expected: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, where=where, got=got, expected=expected, hint=hint)
        self.sent = sent

    @property
    def failure(self) -> Failure:
        """By whether the request may have had an effect."""
        return failures.OUTCOME_UNKNOWN if self.sent else self.usual_failure


class UnknownHost(Unreachable):
    """Nobody knows the host's name."""

    usual_failure = failures.UNKNOWN_HOST


class TlsFailed(Unreachable):
    """There is no TLS connection that both ends accept: trust, names, versions, certificates."""

    usual_failure = failures.TLS


class StorageError(IheTestUtilError):
    """Nothing was stored: disk full, read-only directory, damaged database."""

    scenario = Scenario.STORAGE_FAILURE
    usual_failure = failures.STORAGE


class ServerError(IheTestUtilError):
    """The mock server as a process: it cannot start, stop or be found."""

    usual_failure = failures.SERVER


class AlreadyRunning(ServerError):
    """Another instance holds the port, the PID file or the data directory."""


class StartFailed(ServerError):
    """The server did not become ready."""
