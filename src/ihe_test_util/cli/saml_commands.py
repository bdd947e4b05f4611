"""``ihe-test-util saml``: assertions for Cross-Enterprise User Assertion, made and judged."""

import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ihe_test_util.cli.saml_options import (
    DEFAULT_CERT,
    DEFAULT_KEY,
    GenerateOptions,
    VerifyOptions,
    generating,
    verifying,
)
from ihe_test_util.cli.saml_output import show_verification, verification_json
from ihe_test_util.errors import BadInput
from ihe_test_util.security.xua import CodedValue, Confirmation

if TYPE_CHECKING:
    from ihe_test_util.security.identity import Identity
    from ihe_test_util.security.saml import AssertionSettings
    from ihe_test_util.security.saml_verify import Expectations
    from ihe_test_util.security.signers import Trust
    from ihe_test_util.xml.io import Element

_DASH: Final = Path("-")


@click.group("saml", no_args_is_help=True)
def saml_group() -> None:
    """Make SAML 2.0 assertions for XUA (ITI-40), and judge those of others.

    \b
    Examples:
      ihe-test-util certs init
      ihe-test-util saml generate --output assertion.xml
      ihe-test-util saml verify assertion.xml --ca mocks/ca.pem
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@saml_group.command("generate", short_help="Make a signed assertion.")
@generating
def generate(*, options: GenerateOptions) -> None:
    """Make a signed assertion (RSA-SHA256, exclusive canonicalization).

    A code is written CODE^DISPLAY NAME^SYSTEM OID. A password for a key is taken from the environment only.

    \b
    Examples:
      ihe-test-util saml generate --output assertion.xml
      ihe-test-util saml generate --cert client.p12 --subject-id "Dr. Ada Quill" \\
        --role "112247003^Medical doctor^2.16.840.1.113883.6.96" \\
        --purpose-of-use "TREATMENT^Treatment^2.16.840.1.113883.3.18.7.1" \\
        --organization-id urn:oid:2.999.10 --resource-id "P-1^^^&2.999.1&ISO"
      ihe-test-util saml generate --header 1.2                  (as a WS-Security header)
      ihe-test-util saml generate --template mine.xml --set department=7b
      ihe-test-util saml generate --issued-at 2020-01-01T00:00:00Z     (one that has expired)

    \b
    Errors to expect:
      the certificate expired on …             a new one: ihe-test-util certs init --force
      the certificate file is PKCS12, not PEM  leave out --cert-format, or name the right one
      the password does not open …             set IHE_TEST_PKCS12_PASSWORD
      the template has placeholders that …     give them a value with --set
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.security.identity import load_identity  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.saml import Assertion  # noqa: PLC0415 - same

    key = options.key if options.cert or options.key else DEFAULT_KEY
    identity = load_identity(
        options.cert or DEFAULT_CERT, key, cert_format=options.cert_format, password_variable=options.password_env
    )
    now = datetime.now(UTC)
    assertion = Assertion.issue(_settings(options), identity, now, lambda: str(uuid.uuid4()))
    _require_sound(assertion, identity, now)
    _deliver(assertion, options, now)


@saml_group.command("verify", short_help="Judge an assertion: signature, times, audience.")
@verifying
def verify(*, options: VerifyOptions) -> None:
    """Judge the assertion in FILE: signature, signer, times, audience, confirmation, one-time use.

    FILE is an assertion, a SOAP message with one in its WS-Security header, a SAML response, or - for standard input.
    What is believed and shown is read from nothing but what the signature covers. Exit code 0: valid; 1: not.

    \b
    Examples:
      ihe-test-util saml verify assertion.xml --ca mocks/ca.pem
      ihe-test-util saml verify message.xml --cert signer.pem --audience https://xds.example.org
      ihe-test-util saml verify - --any-signer --json < assertion.xml
      ihe-test-util saml verify assertion.xml --ca ca.pem --at 2026-01-31T08:15:00Z
      ihe-test-util saml verify assertion.xml --ca ca.pem --one-time --replay-cache used.db

    \b
    Reasons to expect, and what helps:
      expired, not-yet-valid   a new assertion; --skew where clocks differ
      untrusted                --ca or --cert of the signer you mean
      digest                   the file was changed, if only by indenting it
      several-assertions       the document is wrapped: believe none of them
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    from ihe_test_util.security.identity import describe  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.saml_verify import verify_bytes  # noqa: PLC0415 - same

    trust, expect = _trust(options), _expectations(options)
    data = sys.stdin.buffer.read() if options.file == _DASH else options.file.read_bytes()
    verification = verify_bytes(data, trust=trust, expect=expect, now=options.at or datetime.now(UTC))
    signer = describe(verification.certificate) if verification.certificate else ""
    if options.as_json:
        click.echo(verification_json(verification, signer))
    else:
        show_verification(verification, signer)
    if not verification.valid:
        raise click.exceptions.Exit(1)


def _settings(options: GenerateOptions) -> "AssertionSettings":
    from ihe_test_util.security.identity import load_certificates  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.saml import AssertionSettings  # noqa: PLC0415 - same
    from ihe_test_util.security.saml_template import AssertionTemplate  # noqa: PLC0415 - same

    template = options.template
    return AssertionSettings(
        issuer=options.issuer,
        subject=options.subject,
        audiences=options.audience,
        subject_id=options.subject_id,
        organization=options.organization,
        organization_id=options.organization_id,
        roles=tuple(CodedValue.parse(text) for text in options.role),
        purpose_of_use=CodedValue.parse(options.purpose_of_use) if options.purpose_of_use else None,
        home_community_id=options.home_community_id,
        resource_id=options.resource_id,
        attributes=options.attribute,
        confirmation=Confirmation(options.confirmation),
        recipient=options.recipient,
        holder=load_certificates(options.holder)[0] if options.holder else None,
        one_time_use=options.one_time_use,
        valid_for_s=options.valid_for_s,
        issued_at=options.issued_at,
        template=AssertionTemplate.read(template.read_bytes(), where=str(template.absolute())) if template else None,
        values=options.values,
    )


def _require_sound(assertion: "Element", identity: "Identity", now: datetime) -> None:
    """Judge what was made as a receiver would: a template may hold what no signature survives."""
    from ihe_test_util.security.saml_verify import Expectations, verify_bytes  # noqa: PLC0415 - 0.2 s
    from ihe_test_util.security.signers import Trust  # noqa: PLC0415 - same
    from ihe_test_util.xml.io import serialize  # noqa: PLC0415 - same

    trust = Trust(pinned=(identity.certificate,))
    verification = verify_bytes(serialize(assertion), trust=trust, expect=Expectations(), now=now)
    if verification.claims is None:
        refusal = verification.refusals[0]
        raise BadInput(
            f"nobody would believe the assertion: {refusal.message}",
            where=refusal.where,
            got=refusal.got,
            expected=refusal.expected,
            hint="mend the template",
        )


def _deliver(assertion: "Element", options: GenerateOptions, now: datetime) -> None:
    from ihe_test_util.security.ws_security import SecurityHeader  # noqa: PLC0415 - loads lxml
    from ihe_test_util.xml import ns  # noqa: PLC0415 - same
    from ihe_test_util.xml.io import serialize  # noqa: PLC0415 - same

    element = assertion
    if options.header:
        space = ns.SOAP11 if options.header == "1.1" else ns.SOAP12
        element = SecurityHeader.build(assertion, now, options.valid_for_s, soap_namespace=space)
    data = serialize(element, declaration=not options.header)
    if options.output != _DASH:
        options.output.write_bytes(data)
    written = None if options.output == _DASH else str(options.output)
    if options.as_json:
        made = {"id": assertion.get("ID"), "issued": assertion.get("IssueInstant"), "output": written}
        click.echo(json.dumps(made | {"xml": data.decode()}, indent=2))
    elif written is None:
        click.echo(data)
    else:
        click.echo(f"Written to {written}: assertion {assertion.get('ID')}, {len(data):,} bytes")


def _trust(options: VerifyOptions) -> "Trust":
    from ihe_test_util.security.identity import load_certificates  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.signers import Trust  # noqa: PLC0415 - same

    if options.any_signer == bool(options.ca or options.cert):
        raise click.UsageError(
            "Say whom to believe: --ca FILE, --cert FILE, or --any-signer to check only that nothing was changed."
        )
    return Trust(
        pinned=tuple(each for path in options.cert for each in load_certificates(path)),
        authorities=tuple(each for path in options.ca for each in load_certificates(path)),
    )


def _expectations(options: VerifyOptions) -> "Expectations":
    from ihe_test_util.security.identity import load_certificates  # noqa: PLC0415 - loads cryptography, 0.2 s
    from ihe_test_util.security.replay import ReplayCache  # noqa: PLC0415 - loads sqlite3
    from ihe_test_util.security.saml_verify import Expectations  # noqa: PLC0415 - loads cryptography

    if options.one_time and options.replay_cache is None:
        raise click.UsageError("--one-time needs --replay-cache FILE, to remember what was used.")
    return Expectations(
        audience=options.audience,
        recipient=options.recipient,
        skew_s=options.skew_s,
        confirmation=Confirmation(options.confirmation) if options.confirmation else None,
        holder=load_certificates(options.holder)[0] if options.holder else None,
        one_time=options.one_time,
        replay_cache=ReplayCache(options.replay_cache) if options.replay_cache else None,
    )
