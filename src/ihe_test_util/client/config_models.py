"""The client's configuration as values: every field, its type, range and default, stated once.

The JSON Schema, the messages about wrong values and the tables of the documentation are made from these models.
"""

import re
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ihe_test_util.client.config_metadata import Identifiers, Metadata
from ihe_test_util.client.config_saml import Saml
from ihe_test_util.client.endpoint import check_url
from ihe_test_util.client.urls import DEFAULT_BASE_URL, url_field
from ihe_test_util.errors import BadInput
from ihe_test_util.security.certificates import PASSWORD_VARIABLE
from ihe_test_util.settings.fields import (
    AnyCaseLevel,
    FilePath,
    Flag,
    LogLevel,
    Model,
    Seconds,
    clash,
    described,
    refusal,
    text_schema,
)
from ihe_test_util.settings.words import without_password
from ihe_test_util.transactions.card import AnyTransaction

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _url(value: object) -> object:
    if isinstance(value, str):
        try:
            check_url(value)
        except BadInput as error:
            got = repr(without_password(value))
            hint = f"did you mean {without_password(error.hint)}?" if error.hint else ""
            message = f"{error.message}: {got}; expected {error.expected}" + (f"; {hint}" if hint else "")
            raise refusal(message, got=got, expected=error.expected, hint=hint) from None
        return value.strip()
    return value


def _variable(value: object) -> object:
    if isinstance(value, str) and not _VARIABLE.fullmatch(value):
        # It is not shown: it may be the password itself.
        raise refusal(
            "is no name of an environment variable; the variable holds the password, this field only names it"
        )
    return value


_REGISTRY: Final = "https://xds.example.org/registry"
Url: TypeAlias = Annotated[str, BeforeValidator(_url), text_schema("url")]
VariableName: TypeAlias = Annotated[str, BeforeValidator(_variable), text_schema("variable")]
CertificateForm: TypeAlias = Literal["pem", "pkcs12", "der"]
Retries: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=100)]
Factor: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=3600, allow_inf_nan=False)]


class Endpoints(Model):
    """Where each transaction is sent."""

    pix_add_url: Url = described(
        f"{DEFAULT_BASE_URL}/pix/add", "URL of the Patient Identity Feed (ITI-44).", "https://pix.example.org/feed"
    )
    iti41_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti41/submit",
        "URL of Provide and Register Document Set-b (ITI-41).",
        "https://xds.example.org/repository",
    )
    pix_query_url: Url = described(
        f"{DEFAULT_BASE_URL}/pix/query", "URL of the PIX query (ITI-45).", "https://pix.example.org/query"
    )
    pdq_url: Url = described(
        f"{DEFAULT_BASE_URL}/pdq", "URL of the Patient Demographics Query (ITI-47).", "https://pdq.example.org/query"
    )
    xcpd_url: Url = described(
        f"{DEFAULT_BASE_URL}/xcpd",
        "URL of Cross Gateway Patient Discovery (ITI-55).",
        "https://xcpd.example.org/gateway",
    )
    iti42_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti42/register", "URL of Register Document Set-b (ITI-42).", _REGISTRY
    )
    iti18_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti18/query", "URL of the Registry Stored Query (ITI-18).", _REGISTRY
    )
    iti43_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti43/retrieve",
        "URL of Retrieve Document Set (ITI-43).",
        "https://xds.example.org/repository",
    )
    iti57_url: Url = described(f"{DEFAULT_BASE_URL}/iti57/update", "URL of Update Document Set (ITI-57).", _REGISTRY)
    iti62_url: Url = described(f"{DEFAULT_BASE_URL}/iti62/remove", "URL of Remove Metadata (ITI-62).", _REGISTRY)
    iti86_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti86/remove", "URL of Remove Documents (ITI-86).", "https://xds.example.org/repository"
    )
    iti92_url: Url = described(
        f"{DEFAULT_BASE_URL}/iti92/update", "URL of Restricted Update Document Set (ITI-92).", _REGISTRY
    )

    def url_of(self, card: AnyTransaction) -> str:
        """Where a transaction is sent."""
        url: str = getattr(self, url_field(card))
        return url


class Certificates(Model):
    """Our own certificate and key: for signing, and to show to servers of HTTPS that demand one."""

    cert_path: FilePath | None = described(
        None, "Our certificate; without one nothing is signed, and none is shown to servers.", "certs/client.pem"
    )
    key_path: FilePath | None = described(
        None, "Its private key; without this field, the key lies in the file `cert_path`.", "certs/client-key.pem"
    )
    cert_format: CertificateForm = Field(
        default="pem",
        validate_default=True,
        description="Form of the files `cert_path` and `key_path`.",
        examples=["pkcs12"],
    )
    pkcs12_password_env_var: VariableName = described(
        PASSWORD_VARIABLE,
        "Name of the environment variable that holds the password of a PKCS#12 file, or of an encrypted key.",
        "OUR_P12_PASSWORD",
    )

    @field_validator("key_path")
    @classmethod
    def _belongs(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("cert_path", value) is None:
            raise clash("is given without cert_path; a key needs its certificate")
        return value

    @field_validator("cert_format")
    @classmethod
    def _fits(cls, value: str, info: ValidationInfo) -> str:
        cert, key = info.data.get("cert_path"), info.data.get("key_path")
        if value == "pkcs12" and key not in {None, cert}:
            raise clash("a PKCS#12 file brings its own private key; leave key_path out", "certificates.key_path")
        if value == "der" and cert is not None and key is None and "key_path" in info.data:
            raise clash("a DER file holds no private key beside the certificate; give key_path too")
        return value


class Transport(Model):
    """How patient the client is, whom it believes, and how often it tries again."""

    verify_tls: Flag = described(
        default=True,
        says="Whether a server of HTTPS must have a certificate that is trusted here; off for tests only.",
        example=False,
    )
    ca_path: FilePath | None = described(
        None, "CA certificates that vouch for servers, PEM; without it, those of the system.", "mocks/ca.pem"
    )
    timeout_connect: Seconds = described(10.0, "Longest wait for a connection, in seconds.", 5.0)
    timeout_read: Seconds = described(
        30.0,
        "Longest silence of a server, in seconds; 60 for ITI-41 unless it is set here, then it holds for all.",
        120.0,
    )
    max_retries: Retries = described(3, "How often a message is sent again after a transient error.", 5)
    backoff_factor: Factor = described(
        1.0,
        "Seconds before the first retry; doubled for each further one, then shortened by chance to half at most.",
        0.5,
    )

    @property
    def timeout_read_s(self) -> float | None:
        """The limit for every transaction, None where each has its own."""
        return self.timeout_read if "timeout_read" in self.model_fields_set else None


class Logging(Model):
    """What is written to the log file."""

    level: AnyCaseLevel = described(LogLevel.INFO, "Least level that is logged, in any case.", "debug")
    log_file: FilePath = described(
        Path("logs/ihe-test-util.log"), "Log file, rotated at 10 MB, 5 kept.", "/var/log/ihe-test-util.log"
    )
    redact_pii: Flag = described(
        default=True,
        says="Whether messages stay out of the log; off, they are logged at DEBUG, patient data and all.",
        example=False,
    )


class ClientConfig(Model):
    """Everything the client can be told; each value is valid or the object does not come to be."""

    endpoints: Endpoints = described(Endpoints(), "Where each transaction is sent.", {})
    certificates: Certificates = described(Certificates(), "Our own certificate and key.", {})
    transport: Transport = described(Transport(), "Patience, trust and retries.", {})
    logging: Logging = described(Logging(), "What is written to the log file.", {})
    identifiers: Identifiers = described(Identifiers(), "Who we are, and whom we talk to.", {})
    metadata: Metadata = described(Metadata(), "What documents and submissions say of themselves.", {})
    saml: Saml = described(Saml(), "The assertion that goes with messages.", {})

    @property
    def mrn_oid(self) -> str:
        """Who assigns medical record numbers."""
        return self.identifiers.mrn_oid or f"{self.metadata.organization.oid}.1"
