"""``ihe-test-util certs``: certificates for HTTPS and signing in tests."""

import json
import shlex
from pathlib import Path
from typing import Final

import click

from ihe_test_util.security.certificates import (
    DEFAULT_DAYS,
    MAX_DAYS,
    PASSWORD_VARIABLE,
    CertificatePaths,
    CertificateSet,
    make_certificates,
)

_DEFAULT_DIRECTORY: Final = Path("mocks")


@click.group("certs", no_args_is_help=True)
def certs_group() -> None:
    """Make certificates for HTTPS, client authentication and signing in tests.

    \b
    Examples:
      ihe-test-util certs init
      ihe-test-util mock start --https
      curl --cacert mocks/ca.pem https://localhost:8443/health
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@certs_group.command("init")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=_DEFAULT_DIRECTORY,
    show_default=True,
    help="Where the files go; made if it is not there.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME|IP",
    help="A further name or address of the server; as often as needed.",
)
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    default=DEFAULT_DAYS,
    show_default=True,
    help="How long the certificates are valid.",
)
@click.option("--force", is_flag=True, help="Replace files that exist; peers then have to trust the new CA.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def init(*, directory: Path, hosts: tuple[str, ...], days: int, force: bool, as_json: bool) -> None:
    """Make a CA, a server and a client certificate.

    The server's certificate names localhost, 127.0.0.1, ::1, this machine, and every --host. The client's comes as
    PEM and as PKCS#12, whose password is taken from IHE_TEST_PKCS12_PASSWORD. The CA's private key is not kept:
    whoever trusts ca.pem trusts these two certificates and nothing else. Keys are readable by their owner only.

    \b
    Examples:
      ihe-test-util certs init
      ihe-test-util certs init --host mock.example.org --host 192.0.2.7
      ihe-test-util certs init --host host.docker.internal     (a client in a container)
      ihe-test-util certs init --days 30 --force               (a new set in place of the old)

    \b
    Errors to expect:
      … exist already, nothing was written     use --force, or another --dir
      a certificate names hosts by …           leave out https:// and the port
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    made = make_certificates(CertificatePaths.in_directory(directory), hosts=hosts, days=days, force=force)
    click.echo(json.dumps(_as_json(made), indent=2) if as_json else _as_text(made))


def _as_json(made: CertificateSet) -> dict[str, object]:
    paths = made.paths
    return {
        "ca": str(paths.ca),
        "ca_fingerprint_sha256": made.ca_fingerprint,
        "server_cert": str(paths.server_cert),
        "server_key": str(paths.server_key),
        "client_cert": str(paths.client_cert),
        "client_key": str(paths.client_key),
        "client_p12": str(paths.client_p12),
        "client_p12_password": made.pkcs12_password if made.password_is_default else None,
        "hosts": list(made.hosts),
        "not_after": made.not_after.isoformat(),
    }


def _as_text(made: CertificateSet) -> str:
    paths = made.paths
    ca, cert, key, p12 = (
        shlex.quote(str(path)) for path in (paths.ca, paths.client_cert, paths.client_key, paths.client_p12)
    )
    start = "ihe-test-util mock start --https"
    if paths.server_cert.parent != _DEFAULT_DIRECTORY:
        variables = (("MOCK_SERVER_CERT_PATH", paths.server_cert), ("MOCK_SERVER_KEY_PATH", paths.server_key))
        start = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in variables) + " " + start
    password = made.pkcs12_password if made.password_is_default else f"the one in {PASSWORD_VARIABLE}"
    return f"""\
Made, valid until {made.not_after:%Y-%m-%d}:
  {paths.ca}  the CA that peers have to trust
    SHA-256 {made.ca_fingerprint}
  {paths.server_cert}, {paths.server_key}  the server: {", ".join(made.hosts)}
  {paths.client_cert}, {paths.client_key}  a client
  {paths.client_p12}  the same client as PKCS#12; password: {password}

Next:
  Server    {start}
  curl      curl --cacert {ca} https://localhost:8443/health
  Python    ssl.create_default_context(cafile={str(paths.ca)!r})
  Java      keytool -importcert -noprompt -alias ihe-test-util -file {ca} \\
              -keystore truststore.p12 -storetype PKCS12 -storepass changeit
            java -Djavax.net.ssl.trustStore=truststore.p12 -Djavax.net.ssl.trustStorePassword=changeit …
  With a client certificate
            curl --cacert {ca} --cert {cert} --key {key} https://localhost:8443/health
            java -Djavax.net.ssl.keyStore={p12} -Djavax.net.ssl.keyStoreType=PKCS12 \\
              -Djavax.net.ssl.keyStorePassword=… …"""
