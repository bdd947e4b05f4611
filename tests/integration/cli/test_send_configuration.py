"""``send`` under the client's configuration: where from it takes what its options do not say."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.send_commands import send_group
from ihe_test_util.errors import ConfigError
from ihe_test_util.security.certificates import CertificatePaths, make_certificates

EXAMPLES = Path(__file__).parents[3] / "examples"
PATIENT = "id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna, birth=1980-02-29, gender=F"
DOCUMENT = ("--document", str(EXAMPLES / "sample-ccd.xml"), "--patient-id", "PAT-1^^^&2.999.1.2&ISO")
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a send command in a thread, in an empty directory, with the variables given."""
    monkeypatch.chdir(tmp_path)

    async def invoke(*arguments: str, **environ: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, send_group, arguments, env=environ)

    return invoke


def configure(path: Path, content: object) -> str:
    """A configuration file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return str(path)


async def test_the_url_comes_from_the_file(run: Run, mock: Any, tmp_path: Path) -> None:
    """The default one, and the one that --config names; an option goes first, then the environment."""
    configure(tmp_path / "config" / "config.json", {"endpoints": {"pix_add_url": f"{mock.url}/pix/add"}})
    nowhere = configure(tmp_path / "other.json", {"endpoints": {"pix_add_url": "http://127.0.0.1:9/"}})
    message = ("pix-add", "--patient", PATIENT)

    assert (await run(*message)).exit_code == 0
    assert (await run(*message, "--config", nowhere)).exit_code == 1
    assert (await run(*message, "--config", nowhere, IHE_TEST_PIX_ADD_URL=f"{mock.url}/pix/add")).exit_code == 0
    assert (
        await run(*message, "--url", f"{mock.url}/pix/add", IHE_TEST_PIX_ADD_URL="http://127.0.0.1:9/")
    ).exit_code == 0


async def test_identifiers_and_codes_come_from_the_file(run: Run, tmp_path: Path) -> None:
    """Who sends to whom, what the documents are called and who wrote them; options go before."""
    config = configure(
        tmp_path / "c.json",
        {
            "identifiers": {"sender_oid": "2.999.77.1", "receiver_oid": "2.999.77.2", "source_oid": "2.999.77.3"},
            "metadata": {
                "language": "de-CH",
                "class_code": {"code": "REPORTS", "scheme": "2.999.77.4", "display": "Reports"},
                "author": {"last_name": "Marsh"},
            },
        },
    )

    feed = (await run("pix-add", "--patient", PATIENT, "--dry-run", "--config", config)).stdout
    assert "2.999.77.1" in feed
    assert "2.999.77.2" in feed
    submission = (await run("iti-41", *DOCUMENT, "--dry-run", "--config", config)).stdout
    for expected in ("2.999.77.3", "de-CH", "REPORTS", "2.999.77.4", "^Marsh^"):
        assert expected in submission
    chosen = (await run("iti-41", *DOCUMENT, "--dry-run", "--config", config, "--source-id", "2.999.77.9")).stdout
    assert "2.999.77.9" in chosen
    assert "2.999.77.3" not in chosen


async def test_documents_of_others_get_no_invented_author(run: Run) -> None:
    """Only a configured one."""
    assert "authorPerson" not in (await run("iti-41", *DOCUMENT, "--dry-run")).stdout


async def test_a_broken_configuration_is_told_before_anything_else(run: Run, tmp_path: Path) -> None:
    """In words, and in JSON."""
    config = configure(tmp_path / "c.json", {"transport": {"max_retrys": 1}})
    result = await run("pix-add", "--patient", PATIENT, "--config", config)
    as_json = await run("pix-add", "--patient", PATIENT, "--config", config, "--json")

    assert isinstance(result.exception, ConfigError)
    assert 'did you mean "max_retries"?' in result.exception.message
    assert json.loads(as_json.stdout)["error"]["kind"] == "ConfigError"
    assert as_json.exit_code == 1


async def test_wrong_options_are_told_as_the_command_lines(run: Run) -> None:
    """As other values are, with their source."""
    result = await run("pix-add", "--patient", PATIENT, "--url", "pix.example.org")

    assert isinstance(result.exception, ConfigError)
    assert result.exception.message.startswith("command line: endpoints.pix_add_url: the URL does not begin with http")


async def test_certificates_of_options_replace_those_of_the_file_together(run: Run, tmp_path: Path) -> None:
    """The key of the file does not belong to the certificate of the option; .p12 is known by its name."""
    paths = make_certificates(CertificatePaths.in_directory(tmp_path / "certs"), environ={}).paths
    config = configure(
        tmp_path / "c.json",
        {
            "certificates": {"cert_path": str(paths.server_cert), "key_path": str(paths.server_key)},
            "transport": {"verify_tls": False},
        },
    )
    common = ("pix-add", "--patient", PATIENT, "--config", config, "--url", "https://127.0.0.1:9/", "--json")

    async def problem(*more: str) -> str:
        error = json.loads((await run(*common, *more, IHE_TEST_PKCS12_PASSWORD="changeit")).stdout)["error"]
        return "; ".join(filter(None, (error["message"], error["hint"] if "key" in error["message"] else "")))

    refused = "the connection was refused: nothing listens there"
    assert await problem() == refused
    assert await problem("--cert", str(paths.client_cert), "--key", str(paths.client_key)) == refused
    assert await problem("--cert", str(paths.client_p12)) == refused
    assert await problem("--cert", str(paths.client_cert)) == (
        "the file holds no private key; name the file of the key too (--key, key_path)"
    )


@pytest.mark.parametrize(
    ("url", "warning"),
    [
        ("http://pix.invalid/add", "plain HTTP to pix.invalid:80"),
        ("http://127.0.0.1.invalid:9/add", "plain HTTP to 127.0.0.1.invalid:9"),
        ("http://localhost:9/add", ""),
        ("http://127.8.8.8:9/add", ""),
        ("http://[::1]:9/add", ""),
        ("https://127.0.0.1:9/add", ""),
    ],
)
async def test_plain_http_is_warned_of_where_it_leaves_the_machine(run: Run, url: str, warning: str) -> None:
    """Once, on standard error, and never a question."""
    result = await run("pix-add", "--patient", PATIENT, "--url", url)

    assert ("Warning:" in result.stderr) == bool(warning)
    assert warning in result.stderr


async def test_trust_that_is_off_is_warned_of(run: Run) -> None:
    """Wherever it was switched off."""
    result = await run("pix-add", "--patient", PATIENT, "--url", "https://127.0.0.1:9/", IHE_TEST_VERIFY_TLS="no")

    assert "127.0.0.1:9 may be anybody" in result.stderr
