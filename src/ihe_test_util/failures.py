"""What the failure of an exchange means for a run, and what to do: the table of causes, and nowhere else.

Errors carry their row (``IheTestUtilError.failure``); a peer's refusal in the transaction's own words, which is no
error, has ``of_refusal``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Category(StrEnum):
    """What a failure means for the rest of a run."""

    TRANSIENT = "transient"  # it may pass by itself: the same message is sent again
    PERMANENT = "permanent"  # this patient fails, and would again; others may not
    CRITICAL = "critical"  # every patient would fail: the run stops


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause: a short name that stays the same over releases, what it is called, and what to do about it.

    ``lasting`` is the category when retries did not help.
    """

    cause: str
    category: Category
    title: str
    remedy: str
    lasting: Category = Category.PERMANENT

    def __post_init__(self) -> None:
        if self.category is Category.CRITICAL:
            object.__setattr__(self, "lasting", Category.CRITICAL)


def _transient(cause: str, title: str, remedy: str, *, lasting: Category = Category.PERMANENT) -> Failure:
    return Failure(cause, Category.TRANSIENT, title, remedy, lasting)


def _permanent(cause: str, title: str, remedy: str) -> Failure:
    return Failure(cause, Category.PERMANENT, title, remedy)


def _critical(cause: str, title: str, remedy: str) -> Failure:
    return Failure(cause, Category.CRITICAL, title, remedy)


NOT_REACHED: Final = _transient(
    "not-reached",
    "The endpoint could not be reached",
    "Start the server (the mock: ihe-test-util mock start -b), and check host and port of the URL and what firewalls "
    "let through; then resume the run.",
    lasting=Category.CRITICAL,
)
OUTCOME_UNKNOWN: Final = _transient(
    "outcome-unknown",
    "The connection was lost after the message had been sent",
    "Resume the run: the same ids are sent again, by which the server can tell. A slow server needs a longer "
    "transport.timeout_read.",
)
BUSY: Final = _transient(
    "busy",
    "The server is asked too often, or too busy",
    "Wait as long as the server asks, then resume the run with fewer messages at a time (--concurrency).",
)
UNAVAILABLE: Final = _transient(
    "unavailable",
    "The service behind the endpoint is not available",
    "Look at the server's log, and at gateways before it; resume the run when it is back.",
)
SERVER_FAULT: Final = _transient(
    "server-fault",
    "The server failed to process the message (fault code Receiver)",
    "Its reason, and the server's log, say why; resume the run when that is mended.",
)
TOO_SLOW: Final = _transient(
    "too-slow", "The peer was too slow", "Look at the load of server and network, then resume the run."
)
UNKNOWN_HOST: Final = _critical(
    "unknown-host",
    "The host name is not known",
    "Check the spelling of the URL; perhaps this machine does not reach the DNS server, or needs a VPN.",
)
TLS: Final = _critical(
    "tls",
    "No TLS connection that both ends accept",
    "Check scheme and port of the URL, name the server's CA (transport.ca_path, --ca), and show a certificate if the "
    "server demands one (certificates.cert_path, --cert).",
)
NOT_ADMITTED: Final = _critical(
    "not-admitted",
    "The server does not let us in",
    "Ask its operator for access: often a client certificate or an assertion by an issuer that it trusts.",
)
WRONG_ADDRESS: Final = _critical(
    "wrong-address",
    "This is not the transaction's endpoint",
    "Check the path of the URL, upper and lower case too; ihe-test-util mock status names those of the mock.",
)
WRONG_SOAP: Final = _critical(
    "wrong-soap",
    "The server does not take this kind of SOAP message",
    "Try the other SOAP version (--soap 1.1 or --soap 1.2), without WS-Addressing (--no-addressing), or without an "
    "assertion (--assertion-per none).",
)
CERTIFICATE: Final = _critical(
    "certificate",
    "Our own certificate, key or CA file cannot be used",
    "Mend what the message names; ihe-test-util certs init makes certificates for tests.",
)
CONFIGURATION: Final = _critical(
    "configuration",
    "The configuration cannot be used",
    "Mend what the message names; ihe-test-util config validate FILE shows all of it.",
)
STORAGE: Final = _critical(
    "storage", "This machine's disk does not take or give what it should", "Make room, check the rights, then resume."
)
SERVER: Final = _critical("mock-server", "The mock server cannot run", "ihe-test-util mock status and mock logs.")
REJECTED: Final = _permanent(
    "rejected",
    "The server rejected the message",
    "Its details say what it objects to: mend the patient's data, the codes or the identifiers.",
)
REQUEST_FAULT: Final = _permanent(
    "request-fault",
    "The server objects to the message (fault code Sender)",
    "Its reason says what it objects to; the run's directory audit keeps the message, send --show prints it.",
)
TOO_LARGE: Final = _permanent(
    "too-large", "The message is larger than its receiver takes", "Send a smaller document, or have the limit raised."
)
NOT_SOAP: Final = _permanent(
    "no-soap",
    "Something else than SOAP came back",
    "Look at what came: a gateway may have stepped in; check the URL if it is so for every patient.",
)
UNREADABLE: Final = _permanent(
    "unreadable",
    "The answer cannot be read",
    "Show the message to those who make the server; whether the request took effect is to be seen there.",
)
OTHER_MESSAGE: Final = _permanent(
    "other-message",
    "The answer is that to another message",
    "The server, or a proxy before it, mixes up answers: tell those who run it, and try --concurrency 1. Whether the "
    "request took effect is to be seen there; a resumed run sends the same ids again.",
)
BAD_INPUT: Final = _permanent("bad-input", "What was given cannot be sent", "Mend what the message names.")
UNEXPECTED: Final = _permanent(
    "unexpected", "Something else went wrong", "Please report it, with the log and the trace of the error."
)

#: Every cause.
FAILURES: Final = (
    UNKNOWN_HOST,
    TLS,
    NOT_ADMITTED,
    WRONG_ADDRESS,
    WRONG_SOAP,
    CERTIFICATE,
    CONFIGURATION,
    STORAGE,
    SERVER,
    NOT_REACHED,
    OUTCOME_UNKNOWN,
    BUSY,
    UNAVAILABLE,
    SERVER_FAULT,
    TOO_SLOW,
    REJECTED,
    REQUEST_FAULT,
    TOO_LARGE,
    NOT_SOAP,
    UNREADABLE,
    OTHER_MESSAGE,
    BAD_INPUT,
    UNEXPECTED,
)

_STATUSES: Final[Mapping[int, Failure]] = MappingProxyType(
    {
        **dict.fromkeys((300, 301, 302, 303, 305, 307, 308, 404, 405, 410, 421, 426, 501), WRONG_ADDRESS),
        **dict.fromkeys((401, 403, 407), NOT_ADMITTED),
        **dict.fromkeys((408, 502, 503, 504), UNAVAILABLE),
        413: TOO_LARGE,
        415: WRONG_SOAP,
        429: BUSY,
    }
)
_FAULT_CODES: Final[Mapping[str, Failure]] = MappingProxyType(
    {"Sender": REQUEST_FAULT, "Receiver": SERVER_FAULT, "MustUnderstand": WRONG_SOAP, "VersionMismatch": WRONG_SOAP}
)
#: Web Services Security 1.1.1 (SOAP Message Security), 12; WS-Addressing 1.0 SOAP Binding, 6.4.
_FAULT_SUBCODES: Final[Mapping[str, Failure]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "UnsupportedSecurityToken",
                "UnsupportedAlgorithm",
                "InvalidSecurity",
                "InvalidSecurityToken",
                "FailedAuthentication",
                "FailedCheck",
                "SecurityTokenUnavailable",
            ),
            NOT_ADMITTED,
        ),
        "ActionNotSupported": WRONG_ADDRESS,
        "DestinationUnreachable": WRONG_ADDRESS,
        "EndpointUnavailable": UNAVAILABLE,
    }
)
#: Error codes of document sharing that pass by themselves (ITI TF-3: Table 4.2.4.1-2).
_BUSY_CODES: Final = frozenset(
    {
        "XDSRegistryBusy",
        "XDSRepositoryBusy",
        "XDSRegistryNotAvailable",
        "XDSRegistryOutOfResources",
        "XDSRepositoryOutOfResources",
    }
)
_SERVER_ERRORS: Final = 500


def of_status(status: int) -> Failure:
    """What an HTTP answer without SOAP means."""
    return _STATUSES.get(status, UNAVAILABLE if status >= _SERVER_ERRORS else NOT_SOAP)


def of_fault(code: str, subcode: str, status: int) -> Failure:
    """What a SOAP fault means: by its subcode, else HTTP's status where that is telling, else its code."""
    return _FAULT_SUBCODES.get(subcode) or _STATUSES.get(status) or _FAULT_CODES[code]


def of_refusal(codes: Sequence[str]) -> Failure:
    """What a refusal in the transaction's own words means, by the error codes in it."""
    return BUSY if codes and _BUSY_CODES.issuperset(codes) else REJECTED
