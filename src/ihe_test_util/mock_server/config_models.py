"""The mock server's configuration as values: every field, its type, range and default, stated once.

The JSON Schema, the messages about wrong values and the tests of the documentation are made from these models.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    Secret,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
)

from ihe_test_util.errors import Scenario
from ihe_test_util.mock_server.config_identities import AssigningAuthority, CrossReference, Oid
from ihe_test_util.settings.fields import (
    AnyCaseLevel,
    Count,
    FilePath,
    Flag,
    LogLevel,
    Model,
    NotNegative,
    Seconds,
    Text,
    again,
    clash,
    refusal,
)
from ihe_test_util.settings.words import without_password

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails

MIB: Final = 1024 * 1024
#: Where the codes are looked for; this file alone may be missing.
DEFAULT_CODES_PATH: Final = Path("mocks/codes.json")
HEALTH_PATH: Final = "/health"
#: In the JSON Schema of a field that a running server cannot change.
RESTART_MARK: Final = "x-takes-effect"

#: RFC 3986 path characters that mean themselves: no query, fragment, blank, percent escape.
_ENDPOINT: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_DATABASE: Final = re.compile(r"postgres(?:ql)?://[^\s\x00-\x1f]+")
_NOT_HOST: Final = re.compile(r"[\s/\x00-\x1f]")

_T = TypeVar("_T")


def _host(value: object) -> object:
    if isinstance(value, str) and (not value or _NOT_HOST.search(value)):
        raise refusal(f'"{value}" is not a host name or address, such as 127.0.0.1, ::1, 0.0.0.0 or localhost')
    return value


def _endpoint(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = f'"{value}"'
    if not value.startswith("/"):
        raise refusal(f'{shown} does not begin with "/"')
    if not _ENDPOINT.fullmatch(value):
        raise refusal(f"{shown} is more than a path: no query, fragment, blank or percent escape may stand in it")
    if "//" in value or {".", ".."} & set(value.split("/")):
        raise refusal(f'{shown} has an empty, "." or ".." step, which clients would remove')
    if value.rstrip("/") == HEALTH_PATH:
        raise refusal(f"{shown} is taken: the server's own state is there")
    return value


class StoreUrl(Secret[str]):
    """The URL of a database; without its password wherever it is shown."""

    def _display(self) -> str:
        return without_password(self.get_secret_value())


def _store_url(value: object) -> object:
    if isinstance(value, str) and not _DATABASE.match(value):
        raise refusal(
            "is no URL of PostgreSQL, such as postgresql://user:password@host:5432/database",
            expected="postgresql://user:password@host:5432/database",
            hint="leave store_url out to keep everything in data_dir",
        )
    return value


def _template(value: object) -> object:
    return {"reason": value} if isinstance(value, str) else value


_URL_PATH_SCHEMA: Final = WithJsonSchema({"type": "string", "pattern": "^/", "format": "url-path"})

EndpointPath: TypeAlias = Annotated[str, BeforeValidator(_endpoint), _URL_PATH_SCHEMA]
Port: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=65535)]
DelayMs: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=5000)]
HttpStatus: TypeAlias = Annotated[int, Field(strict=True, ge=200, le=599)]
Share: TypeAlias = Annotated[float, Field(strict=True, ge=0.0, le=1.0, allow_inf_nan=False)]


class ValidationMode(StrEnum):
    """Which findings refuse a request: every error (strict), or only those without which nothing can be done."""

    STRICT = "strict"
    LENIENT = "lenient"


class TlsClientAuth(StrEnum):
    """Whether a client has to show a certificate in the TLS handshake."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


def _now(default: _T, says: str, example: object) -> _T:
    """A field that takes effect with the next request."""
    field: _T = Field(default=default, description=says, examples=[example])
    return field


def _restart(default: _T, says: str, example: object) -> _T:
    """A field that takes effect at the next start."""
    mark: dict[str, JsonValue] = {RESTART_MARK: "restart"}
    field: _T = Field(default=default, description=says, examples=[example], json_schema_extra=mark)
    return field


class FaultTemplate(Model):
    """What replaces the code, reason, detail or HTTP status of a fault; what is left out stays."""

    code: Literal["Sender", "Receiver"] | None = _now(
        None, "SOAP fault code (SOAP 1.2 Part 1, 5.4.6); SOAP 1.1 calls them Client and Server.", "Receiver"
    )
    reason: Text | None = _now(None, "Fault text.", "Out of service until noon")
    detail: Text | None = _now(None, "Text of the fault's detail.", "Ticket 4711")
    http_status: HttpStatus | None = _now(None, "HTTP status of the answer.", 503)


#: A fault template, or just its reason.
AnyTemplate: TypeAlias = Annotated[
    FaultTemplate, BeforeValidator(_template, json_schema_input_type=Text | FaultTemplate)
]


class Behavior(Model):
    """How an endpoint answers: when, how often with a failure, and what it lets pass."""

    response_delay_ms: DelayMs = _now(0, "Milliseconds to wait before the answer is sent.", 500)
    failure_rate: Share = _now(
        0.0, "Share of the requests that are answered by a simulated fault (code Receiver, HTTP 500).", 0.2
    )
    custom_fault_message: Text | None = _now(
        None, "Text of the simulated fault; without it, one that says so.", "PIX Manager temporarily unavailable"
    )
    failing_patients: Mapping[str, AnyTemplate] = _now(
        {},
        "Patients whose every message gets a simulated fault: by identifier, with its text, or an object as in "
        "`response_templates`.",
        {"PAT-3": "The record is locked"},
    )
    validation_mode: ValidationMode = _now(ValidationMode.LENIENT, "Which findings refuse a request.", "strict")


class PIXAddBehavior(Behavior):
    """How the Patient Identity Feed (ITI-44) is answered."""

    custom_patient_id: Text | None = _now(
        None, "The patient identifier that the acknowledgement names instead of the accepted one.", "MOCK-0001"
    )


class ITI41Behavior(Behavior):
    """How Provide and Register Document Set-b (ITI-41) is answered."""

    custom_submission_set_id: Text | None = _now(
        None, "The SubmissionSetUniqueId that the response names instead of the request's.", "2.999.41.1"
    )
    custom_document_id: Text | None = _now(
        None, "The DocumentUniqueId that the response names instead of the request's.", "2.999.41.2"
    )


class EndpointBehavior(PIXAddBehavior, ITI41Behavior):
    """The behaviour of any endpoint; a custom id only where the transaction has such an id."""


class MockServerConfig(Model):
    """Everything the mock server can be told; each value is valid or the object does not come to be."""

    host: Annotated[str, BeforeValidator(_host)] = _restart(
        "0.0.0.0", "Address to listen on; `0.0.0.0` and `::` are all interfaces.", "127.0.0.1"
    )
    http_port: Port = _restart(8080, "TCP port for HTTP.", 9080)
    https_port: Port = _restart(8443, "TCP port for HTTPS.", 9443)
    cert_path: FilePath = _restart(
        Path("mocks/cert.pem"), "Server certificate with its chain, PEM.", "/etc/mock/cert.pem"
    )
    key_path: FilePath = _restart(Path("mocks/key.pem"), "Private key of the certificate, PEM.", "/etc/mock/key.pem")
    tls_client_auth: TlsClientAuth = _restart(
        TlsClientAuth.NONE, "Whether clients show a certificate; HTTPS only.", "required"
    )
    tls_ca_path: FilePath | None = _restart(
        None, "CA certificates that client certificates are checked against, PEM.", "/etc/mock/clients-ca.pem"
    )
    log_level: AnyCaseLevel = _now(LogLevel.INFO, "Least level that is logged, in any case.", "debug")
    log_path: FilePath = _restart(Path("mocks/logs/mock-server.log"), "Log file.", "/var/log/mock-server.log")
    pid_file: FilePath = _restart(
        Path("mocks/.mock-server.pid"), "File that records the running server.", "/run/mock-server.pid"
    )
    data_dir: FilePath = _restart(
        Path("mocks/data"), "Directory of the database, the journal and saved documents.", "/var/lib/mock-server"
    )
    store_url: Annotated[StoreUrl | None, BeforeValidator(_store_url)] = _restart(
        None,
        "PostgreSQL database of the domain, which several servers may share; none: SQLite in `data_dir`.",
        "postgresql://ihe@localhost/ihe",
    )
    pix_add_endpoint: EndpointPath = _now("/pix/add", "Path of the Patient Identity Feed (ITI-44).", "/PIXManager")
    iti41_endpoint: EndpointPath = _now(
        "/iti41/submit", "Path of Provide and Register Document Set-b (ITI-41).", "/xds/repository"
    )
    pix_query_endpoint: EndpointPath = _now("/pix/query", "Path of the PIX query (ITI-45).", "/PIXManager")
    pdq_endpoint: EndpointPath = _now("/pdq", "Path of the Patient Demographics Query (ITI-47).", "/PDSupplier")
    xcpd_endpoint: EndpointPath = _now(
        "/xcpd", "Path of Cross Gateway Patient Discovery (ITI-55).", "/RespondingGateway"
    )
    iti42_endpoint: EndpointPath = _now("/iti42/register", "Path of Register Document Set-b (ITI-42).", "/xds/registry")
    iti18_endpoint: EndpointPath = _now("/iti18/query", "Path of the Registry Stored Query (ITI-18).", "/xds/registry")
    iti43_endpoint: EndpointPath = _now("/iti43/retrieve", "Path of Retrieve Document Set (ITI-43).", "/xds/repository")
    iti57_endpoint: EndpointPath = _now("/iti57/update", "Path of Update Document Set (ITI-57).", "/xds/registry")
    iti62_endpoint: EndpointPath = _now("/iti62/remove", "Path of Remove Metadata (ITI-62).", "/xds/registry")
    iti86_endpoint: EndpointPath = _now("/iti86/remove", "Path of Remove Documents (ITI-86).", "/xds/repository")
    iti92_endpoint: EndpointPath = _now(
        "/iti92/update", "Path of Restricted Update Document Set (ITI-92).", "/xds/registry"
    )
    response_delay_ms: DelayMs = Field(
        default=0,
        description="Deprecated and ignored, with a warning; each behaviour has its own `response_delay_ms`.",
        examples=[0],
        json_schema_extra={"deprecated": True},
    )
    save_submitted_documents: Flag = Field(
        default=False,
        description="Whether submitted documents are also written as files, under `documents` in `data_dir`.",
        examples=[True],
    )
    pix_add_behavior: PIXAddBehavior = _now(
        PIXAddBehavior(), "How the Patient Identity Feed is answered.", {"response_delay_ms": 500}
    )
    iti41_behavior: ITI41Behavior = _now(
        ITI41Behavior(), "How Provide and Register Document Set-b is answered.", {"validation_mode": "strict"}
    )
    endpoint_behaviors: Mapping[str, EndpointBehavior] = _now(
        {},
        "Behaviour by card name (`pix-add`), endpoint path (`/pix/add`) or transaction code (`ITI-44`).",
        {"ITI-44": {"failure_rate": 0.2}},
    )
    response_templates: Mapping[Scenario, AnyTemplate] = _now(
        {},
        "What faults say, by scenario: a text, or an object with `code`, `reason`, `detail` and `http_status`.",
        {"too_large": "Send less"},
    )
    assigning_authorities: tuple[AssigningAuthority, ...] = _now(
        (),
        "Patient identification domains that are known, each with `oid` and `name`; none: each that was ever fed.",
        [{"oid": "2.999.1.2", "name": "Example Clinic"}],
    )
    cross_reference: CrossReference = _now(
        CrossReference(),
        "Which identities are one person: by `rule` (`demographics` or `none`), and by `links`.",
        {"rule": "none", "links": [["P-1^^^&2.999.1.2&ISO", "Q-7^^^&2.999.1.3&ISO"]]},
    )
    home_community_oid: Oid = _now("2.999.1.3", "OID of the community that answers ITI-55.", "2.999.77")
    query_max_results: Count | None = _now(
        None, "Whole objects in one answer to ITI-18; more is XDSTooManyResults, which references never are.", 500
    )
    pdq_max_results: Count = _now(100, "Patients in one answer to ITI-47; continuations give the others.", 5)
    repository_unique_id: Oid = _now(
        "2.999.1.2",
        "repositoryUniqueId of the repository: what ITI-41 adds to entries, and ITI-43 asks for.",
        "2.999.8",
    )
    codes_path: FilePath = _now(
        DEFAULT_CODES_PATH,
        "Codes of the affinity domain, which strict mode checks (`codes.md`); without the default file, a shipped set.",
        "mocks/our-codes.json",
    )
    max_request_bytes: Count = _now(1024 * MIB, "Largest request body, in bytes.", 10 * MIB)
    max_xml_bytes: Count = _now(32 * MIB, "Largest SOAP message without its attachments, in bytes.", MIB)
    receive_timeout_s: Seconds = _now(
        30.0, "Longest wait for the head of a request, and for each next 64 KiB of its body, in seconds.", 5.0
    )
    send_timeout_s: Seconds = _now(30.0, "Longest wait for a peer that does not read its answer, in seconds.", 5.0)
    journal_max_exchanges: Count = _now(10_000, "Exchanges that the journal keeps.", 500)
    journal_max_bytes: Count = _now(256 * MIB, "Bytes that the journal keeps.", 16 * MIB)
    random_seed: NotNegative | None = _now(None, "Makes simulated failures reproducible.", 42)

    @field_validator("endpoint_behaviors", mode="wrap")
    @classmethod
    def _known_endpoints(
        cls, value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Mapping[str, EndpointBehavior]:
        checked: Mapping[str, EndpointBehavior] = {}
        details: list[InitErrorDetails] = []
        try:
            checked = check(value)
        except ValidationError as error:
            details.extend(again(line) for line in error.errors(include_url=False))
        if isinstance(value, Mapping) and value:
            # The table of transactions brings lxml, and only a configuration that names one needs it.
            from ihe_test_util.mock_server.config_endpoints import misfits  # noqa: PLC0415 - explained above

            details.extend(
                {"type": clash(misfit.message, misfit.other), "loc": misfit.loc, "input": misfit.got}
                for misfit in misfits(value, info.data)
            )
        if details:
            raise ValidationError.from_exception_data("endpoint_behaviors", details)
        return checked

    def behavior_for(self, name: str, code: str, path: str, field: str) -> Behavior:
        """The behaviour of an interaction: by card name, else endpoint path, else transaction code, else its own field.

        ``field`` is the one that holds its path. What none of them configures behaves as ``Behavior()``: at once,
        never failing, lenient.
        """
        given = self.endpoint_behaviors
        if given:
            found = given.get(name) or given.get(path) or given.get(code)
            if found is not None:
                return found
        own: Behavior = getattr(self, behavior_field(field), _PLAIN)
        return own


def behavior_field(endpoint_field: str) -> str:
    """The field that holds the behaviour of the endpoint whose path is in ``endpoint_field``."""
    return endpoint_field.removesuffix("_endpoint") + "_behavior"


def _restart_fields() -> tuple[str, ...]:
    fields = MockServerConfig.model_fields.items()
    return tuple(
        name
        for name, field in fields
        if isinstance(field.json_schema_extra, dict) and RESTART_MARK in field.json_schema_extra
    )


_PLAIN: Final = Behavior()
#: Fields that a running server keeps as they were at its start.
RESTART_FIELDS: Final = _restart_fields()
