"""``saml generate`` and ``saml verify`` as they are typed."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.saml_commands import saml_group
from ihe_test_util.errors import BadInput, CertificateError, IheTestUtilError
from ihe_test_util.security.certificates import CertificatePaths, make_certificates
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml.io import parse

DATA = Path(__file__).parents[2] / "data" / "saml"
PAIR = ("--cert", "mocks/client-cert.pem", "--key", "mocks/client-key.pem")
BELIEVED = ("--ca", "mocks/ca.pem")
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ``mocks/`` as ``certs init`` leaves it."""
    directory = tmp_path_factory.mktemp("saml")
    make_certificates(CertificatePaths.in_directory(directory / "mocks"), environ={})
    return directory


@pytest.fixture
def run(certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a ``saml`` command in a directory with certificates; no password is in the environment."""
    shutil.copytree(certificates / "mocks", tmp_path / "mocks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IHE_TEST_PKCS12_PASSWORD", raising=False)
    return lambda *args, **more: CliRunner().invoke(saml_group, args, **more)


def refused(result: Result) -> IheTestUtilError:
    """The error with which a command ended."""
    assert isinstance(result.exception, IheTestUtilError), result.output
    return result.exception


def test_what_is_generated_is_verified(run: Run) -> None:
    """Without options, with the certificates of ``certs init``; both say in a few lines what is there."""
    made = run("generate", "--output", "assertion.xml")
    judged = run("verify", "assertion.xml", *BELIEVED)

    assert (made.exit_code, judged.exit_code) == (0, 0)
    assert "Written to assertion.xml: assertion _" in made.output
    for words in (
        "The assertion is valid",
        "Signed by",
        "CN=ihe-test-util client",
        "test-user",
        "Not checked: the audience",
    ):
        assert words in judged.output


def test_pipes_work(run: Run) -> None:
    """Out of one command, into the other."""
    made = run("generate")
    judged = run("verify", "-", *BELIEVED, input=made.output)

    assert made.output.startswith("<?xml")
    assert judged.exit_code == 0


def test_every_option_arrives(run: Run) -> None:
    """In the JSON of the other command."""
    run(
        "generate", *PAIR, "--output", "a.xml", "--issuer", "urn:oid:2.999.40", "--subject", "ada",
        "--audience", "urn:oid:2.999.1", "--audience", "urn:oid:2.999.2", "--subject-id", "Dr. Ada Quill",
        "--organization", "Example", "--organization-id", "urn:oid:2.999.10", "--role", "1^Doctor^2.999.3",
        "--purpose-of-use", "TREATMENT^Treatment^2.999.4", "--home-community-id", "urn:oid:2.999.7",
        "--resource-id", "P-1^^^&2.999.1&ISO", "--attribute", "urn:example:x=a=b", "--one-time-use",
        "--confirmation", "holder-of-key", "--recipient", "https://xds.example.org", "--valid-for", "60",
        "--issued-at", "2026-01-31T08:15:00Z",
    )  # fmt: skip
    judged = run("verify", "a.xml", "--any-signer", "--json")

    answer = json.loads(judged.output)
    assert not answer["valid"]
    assert {each["reason"] for each in answer["refusals"]} == {"expired"}
    assertion = answer["assertion"]
    assert assertion.pop("id").startswith("_")
    values = {each["name"].rpartition(":")[2]: each["values"] for each in assertion.pop("attributes")}
    assert values == {
        "subject-id": ["Dr. Ada Quill"],
        "organization": ["Example"],
        "organization-id": ["urn:oid:2.999.10"],
        "homeCommunityId": ["urn:oid:2.999.7"],
        "resource-id": ["P-1^^^&2.999.1&ISO"],
        "x": ["a=b"],
        "role": [code("1", "2.999.3", "Doctor")],
        "purposeofuse": [code("TREATMENT", "2.999.4", "Treatment")],
    }
    assert assertion == {
        "issuer": "urn:oid:2.999.40",
        "issued": "2026-01-31T08:15:00Z",
        "subject": "ada",
        "subject_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "confirmations": [
            {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", "recipient": "https://xds.example.org"}
        ],
        "not_before": "2026-01-31T08:15:00Z",
        "not_on_or_after": "2026-01-31T08:16:00Z",
        "audiences": [["urn:oid:2.999.1", "urn:oid:2.999.2"]],
        "one_time_use": True,
        "authn_contexts": ["urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"],
    }


def code(value: str, system: str, display: str) -> dict[str, str]:
    """A coded value as the JSON has it."""
    return {"code": value, "code_system": system, "display_name": display, "code_system_name": ""}


def test_the_json_of_generate_is_one_object(run: Run) -> None:
    """With the assertion in it."""
    made = json.loads(run("generate", "--json").output)
    assert made["id"] in made["xml"]
    assert made["output"] is None


@pytest.mark.parametrize("version", list(SoapVersion))
def test_a_header_goes_into_an_envelope(run: Run, version: SoapVersion) -> None:
    """As a block of that version of SOAP."""
    header = parse(run("generate", "--header", version.value).output.encode())
    Path("message.xml").write_bytes(write_envelope(None, version=version, header_blocks=[header]))

    assert run("verify", "message.xml", *BELIEVED).exit_code == 0
    assert read_envelope(parse(Path("message.xml").read_bytes())).header_blocks[0].tag.endswith("}Security")


def test_a_template_is_filled(run: Run) -> None:
    """With options and values of one's own; what is missing is told with the option that gives it."""
    template = ("generate", "--template", str(DATA / "template.xml"))
    error = refused(run(*template))
    made = run(*template, "--set", "department=7b", "--resource-id", "P-1^^^&2.999.1&ISO", "--output", "a.xml")

    assert isinstance(error, BadInput)
    assert "{{department}} is unknown" in error.message
    assert "{{resource_id}} has no value: give --resource-id" in error.message
    assert made.exit_code == 0
    assert "Department 7b" in run("verify", "a.xml", *BELIEVED).output


def test_a_template_that_nobody_would_believe_is_refused(run: Run) -> None:
    """Before it is written: what is made was judged as a receiver would."""
    template = (DATA / "template.xml").read_text(encoding="utf-8")
    Path("odd.xml").write_text(template.replace("saml:Conditions", "saml:Conditionss"), encoding="utf-8")
    Path("two.xml").write_text(template.replace("</saml:Subject>", "</saml:Subject><saml:Subject/>"), encoding="utf-8")
    options = ("--set", "department=7b", "--resource-id", "P-1^^^&2.999.1&ISO", "--output", "a.xml")

    assert "does not have its Subject once" in refused(run("generate", "--template", "two.xml", *options)).message
    assert not Path("a.xml").exists()


@pytest.mark.parametrize("format_option", [(), ("--cert-format", "pkcs12")])
def test_the_password_comes_from_the_environment(run: Run, format_option: tuple[str, ...]) -> None:
    """From IHE_TEST_PKCS12_PASSWORD, or the variable named; it is never asked for."""
    store = ("generate", "--cert", "mocks/client.p12", *format_option)

    assert "none is given" in refused(run(*store)).message
    assert "does not open" in refused(run(*store, env={"IHE_TEST_PKCS12_PASSWORD": "wrong"})).message
    assert run(*store, env={"IHE_TEST_PKCS12_PASSWORD": "changeit"}).exit_code == 0
    assert run(*store, "--password-env", "MINE", env={"MINE": "changeit"}).exit_code == 0


def test_certificates_that_cannot_be_used_are_told(run: Run) -> None:
    """The format by its right name, a key of another certificate."""
    wrong = refused(run("generate", "--cert", "mocks/client.p12", "--cert-format", "pem"))
    other = refused(run("generate", "--cert", "mocks/client-cert.pem", "--key", "mocks/key.pem"))
    assert isinstance(wrong, CertificateError)
    assert "is PKCS#12, not PEM" in wrong.message
    assert "does not belong" in other.message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--audience", "me"), "the value is no URI"),
        (("--role", "doctor"), "a coded value cannot be read"),
        (("--resource-id", "P-1"), "the patient's identifier is no CX"),
        (("--valid-for", "0"), "out of range"),
    ],
)
def test_values_that_xua_does_not_allow_are_refused(run: Run, options: tuple[str, str], words: str) -> None:
    """By the model, in words."""
    assert words in refused(run("generate", *options)).message


@pytest.mark.parametrize("options", [("--issued-at", "noon"), ("--attribute", "x"), ("--set", "=x")])
def test_options_that_cannot_be_read_are_refused(run: Run, options: tuple[str, str]) -> None:
    """As click does."""
    result = run("generate", *options)
    assert result.exit_code == 2
    assert options[0] in result.output


def test_whom_to_believe_must_be_said(run: Run) -> None:
    """There is no default that lets anybody in, and no way to say both."""
    run("generate", "--output", "a.xml")
    for options in ((), ("--any-signer", *BELIEVED)):
        result = run("verify", "a.xml", *options)
        assert result.exit_code == 2
        assert "Say whom to believe" in result.output


def test_a_refusal_is_told_in_lines(run: Run) -> None:
    """What, where, got, expected, what to do, the section; exit code 1."""
    run("generate", "--output", "a.xml")
    result = run("verify", "a.xml", *BELIEVED, "--audience", "urn:example:me")

    assert result.exit_code == 1
    lines = [line.strip() for line in result.output.splitlines()]
    assert lines[:7] == [
        "The assertion is not valid",
        "the assertion is for somebody else [audience]",
        "at:       /Assertion/Conditions/AudienceRestriction[1]",
        "got:      'https://mock.ihe-test-util.example'",
        "expected: 'urn:example:me'",
        "try:      have it issued for this receiver",
        "see:      SAML Core, 2.5.1.4",
    ]


def test_a_changed_assertion_is_not_shown(run: Run) -> None:
    """Nothing that was not signed is printed as if it were."""
    run("generate", "--output", "a.xml")
    Path("a.xml").write_text(Path("a.xml").read_text().replace("test-user", "administrator"))
    text, data = run("verify", "a.xml", *BELIEVED), run("verify", "a.xml", *BELIEVED, "--json")

    assert text.exit_code == data.exit_code == 1
    assert "[digest]" in text.output
    assert "administrator" not in text.output + data.output
    assert json.loads(data.output)["assertion"] is None


def test_what_is_no_xml_is_told_in_json_too(run: Run) -> None:
    """One object, whatever came."""
    result = run("verify", "-", *BELIEVED, "--json", input="not XML")
    assert result.exit_code == 1
    assert json.loads(result.output)["refusals"][0]["reason"] == "malformed-xml"


def test_a_missing_file_is_an_error(run: Run) -> None:
    """Of the operating system, with its name."""
    result = run("verify", "missing.xml", *BELIEVED)
    assert isinstance(result.exception, FileNotFoundError)


def test_a_second_use_is_refused(run: Run) -> None:
    """With a file that remembers; --one-time without one is refused."""
    run("generate", "--output", "a.xml")
    once = ("verify", "a.xml", *BELIEVED, "--one-time")
    remembered = (*once, "--replay-cache", "used.db")

    assert run(*once).exit_code == 2
    assert run(*remembered).exit_code == 0
    again = run(*remembered)
    assert again.exit_code == 1
    assert "[replayed]" in again.output


def test_the_time_and_the_skew_can_be_chosen(run: Run) -> None:
    """To judge what was recorded."""
    run("generate", "--output", "a.xml")
    later = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()

    assert run("verify", "a.xml", *BELIEVED, "--at", later).exit_code == 1
    assert run("verify", "a.xml", *BELIEVED, "--at", later, "--skew", "600").exit_code == 0


def test_the_holder_of_the_key_is_compared(run: Run) -> None:
    """With the certificate of whoever presented it."""
    run("generate", "--confirmation", "holder-of-key", "--output", "a.xml")
    judge: Callable[[str], Any] = lambda holder: run("verify", "a.xml", *BELIEVED, "--holder", holder).exit_code  # noqa: E731 - a word for the next two lines
    assert judge("mocks/client-cert.pem") == 0
    assert judge("mocks/cert.pem") == 1


def test_a_peers_text_cannot_steer_the_terminal(run: Run) -> None:
    """Control characters that XML does allow are not printed as they are."""
    run("generate", "--subject", "a\u009b31mred\u202e", "--output", "a.xml")
    output = run("verify", "a.xml", *BELIEVED).output
    assert "\u009b" not in output
    assert "\u202e" not in output
