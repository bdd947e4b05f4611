"""``ihe-test-util send`` against the mock server, over a real socket."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.send_commands import send_group
from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import BadInput, IheTestUtilError, PeerFault, Unreachable
from ihe_test_util.soap.envelope import read_envelope, write_envelope
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.multipart import read_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.table import TRANSACTIONS
from ihe_test_util.xml.hl7v3 import II
from ihe_test_util.xml.io import parse

EXAMPLES = Path(__file__).parents[3] / "examples"
PATIENT = "id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna, birth=1980-02-29, gender=F"
PATIENT_ID = "PAT-1^^^&2.999.1.2&ISO"
Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """Runs a send command in a thread, for it has a loop of its own; colours off."""

    async def invoke(*arguments: str, stdin: bytes | None = None) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, send_group, arguments, input=stdin, env={"IHE_TEST_PIX_ADD_URL": None}
        )

    return invoke


async def test_a_patient_in_one_line_is_registered(run: Run, mock: Any) -> None:
    """The outcome is printed for people; exit code 0."""
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/pix/add")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "ITI-44 Patient Identity Feed HL7 V3, add: accepted"
    assert lines[1].split() == ["Status", "CA"]
    assert lines[2].endswith(PATIENT_ID)
    assert "200, " in result.stdout
    assert result.stderr == ""


async def test_pairs_may_come_one_by_one(run: Run, mock: Any) -> None:
    """--patient may be repeated."""
    pairs = [word for pair in PATIENT.split(", ") for word in ("--patient", pair)]
    assert (await run("pix-add", *pairs, "--url", f"{mock.url}/pix/add")).exit_code == 0


@pytest.mark.parametrize("soap", ["1.1", "1.2"])
@pytest.mark.parametrize("addressing", ["--addressing", "--no-addressing"])
async def test_a_message_file_is_sent_in_either_version(run: Run, mock: Any, soap: str, addressing: str) -> None:
    """The example, bare, under every combination of the shared options."""
    result = await run(
        "pix-add", str(EXAMPLES / "pix-add.xml"), "--url", f"{mock.url}/pix/add", "--soap", soap, addressing
    )
    assert result.exit_code == 0


async def test_json_is_one_object_and_nothing_else(run: Run, mock: Any) -> None:
    """Everything that people see, for programs."""
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/pix/add", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["success"], told["status"], told["http_status"], told["outcome"]) == (True, "CA", 200, "success")
    assert told["identifiers"] == [{"label": "Patient ID", "value": PATIENT_ID}]
    assert told["error"] is None
    assert told["duration_ms"] > 0
    assert "request" not in told


async def test_the_body_of_an_envelope_is_sent_in_an_envelope_of_ours(run: Run, mock: Any, tmp_path: Path) -> None:
    """A captured message, header blocks and all, goes out with our own headers."""
    message = parse((EXAMPLES / "pix-add.xml").read_bytes())
    captured = tmp_path / "captured.xml"
    captured.write_bytes(write_envelope(message, version=SoapVersion.V11))
    result = await run("pix-add", str(captured), "--url", f"{mock.url}/pix/add", "--json", "--show")
    assert result.exit_code == 0
    sent = read_envelope(parse(json.loads(result.stdout)["request"]["body"].encode()))
    assert sent.version is SoapVersion.V12
    assert sent.addressing.to == f"{mock.url}/pix/add"


async def test_a_message_comes_from_standard_input(run: Run, mock: Any) -> None:
    """- is standard input."""
    message = (EXAMPLES / "pix-add.xml").read_bytes()
    assert (await run("pix-add", "-", "--url", f"{mock.url}/pix/add", stdin=message)).exit_code == 0


async def test_the_url_may_come_from_the_environment(mock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """IHE_TEST_PIX_ADD_URL, as in the client's configuration."""
    monkeypatch.setenv("IHE_TEST_PIX_ADD_URL", f"{mock.url}/pix/add")
    result = await asyncio.to_thread(CliRunner().invoke, send_group, ["pix-add", "--patient", PATIENT])
    assert result.exit_code == 0


async def test_show_prints_both_messages(run: Run, mock: Any) -> None:
    """Request and answer, with their headers."""
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/pix/add", "--show")
    assert "--- POST /pix/add" in result.stdout
    assert "<family>Müller</family>" in result.stdout
    assert "--- HTTP 200" in result.stdout
    assert "MCCI_IN000002UV01" in result.stdout


async def test_a_document_is_submitted_with_metadata_made_for_it(run: Run, start_mock: Any) -> None:
    """A strict repository accepts what --document and --patient-id make."""
    mock = await start_mock(iti41_behavior={"validation_mode": "strict"})
    await mock.server.store.patients.feed(Patient((II("2.999.1.2", "PAT-1"),)), at=datetime.now(UTC))
    arguments = ("--document", str(EXAMPLES / "sample-ccd.xml"), "--patient-id", PATIENT_ID)
    result = await run("iti-41", *arguments, "--url", f"{mock.url}/iti41/submit", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["success"]
    assert [one["label"] for one in told["identifiers"]] == ["submission set", "document"]
    assert told["identifiers"][1]["value"].startswith("2.25.")
    assert told["request_findings"] == []
    assert told["answer_findings"] == []


@pytest.mark.parametrize("document", ["{}", "Document01={}"])
async def test_a_document_is_submitted_with_metadata_from_a_file(run: Run, start_mock: Any, document: str) -> None:
    """The example metadata pass in strict mode, the document bound in order or by the id of its entry."""
    mock = await start_mock(iti41_behavior={"validation_mode": "strict"})
    await mock.server.store.patients.feed(Patient((II("2.999.10.1", "PAT-1001"),)), at=datetime.now(UTC))
    metadata = str(EXAMPLES / "iti41-metadata.xml")
    bound = document.format(EXAMPLES / "sample-ccd.xml")
    url = f"{mock.url}/iti41/submit"
    result = await run("iti-41", "--metadata", metadata, "--document", bound, "--url", url)
    assert result.exit_code == 0, result.output
    assert "2.999.10.4.2" in result.stdout
    assert "2.999.10.4.1" in result.stdout


async def test_a_fault_is_told_and_fails(run: Run, start_mock: Any) -> None:
    """A simulated failure: exit code 1, the reason for the error handler of the command line."""
    mock = await start_mock(pix_add_behavior={"failure_rate": 1.0, "custom_fault_message": "out of order"})
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/pix/add")
    assert isinstance(result.exception, PeerFault)
    assert result.exception.exit_code == 1
    assert "out of order" in result.exception.message


async def test_a_fault_in_json(run: Run, start_mock: Any) -> None:
    """The same for programs: exit code 1, the error as an object."""
    mock = await start_mock(pix_add_behavior={"failure_rate": 1.0, "custom_fault_message": "out of order"})
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/pix/add", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["success"], told["outcome"], told["http_status"]) == (False, "fault", 500)
    assert (told["error"]["kind"], told["error"]["code"]) == ("PeerFault", "Receiver")
    assert "out of order" in told["error"]["reason"]


async def test_the_message_of_a_file_is_judged_by_the_server_as_it_stands(run: Run, mock: Any, tmp_path: Path) -> None:
    """Nothing is mended on the way: a lenient server takes it, and the journal has what the file had."""
    message = tmp_path / "odd.xml"
    message.write_bytes((EXAMPLES / "pix-add.xml").read_bytes().replace(b'use="L"', b'use="L OR"'))
    result = await run("pix-add", str(message), "--url", f"{mock.url}/pix/add", "--json", "--show")
    assert result.exit_code == 0
    assert 'use="L OR"' in json.loads(result.stdout)["request"]["body"]


async def test_the_wrong_path_is_answered_with_the_right_one(run: Run, mock: Any) -> None:
    """The mock says where the message belongs."""
    result = await run("pix-add", "--patient", PATIENT, "--url", f"{mock.url}/iti41/submit")
    assert isinstance(result.exception, PeerFault)
    assert "/pix/add" in str(result.exception)


async def test_nobody_there_is_told_before_long(run: Run) -> None:
    """Refused: nothing was sent."""
    result = await run("pix-add", "--patient", PATIENT, "--url", "http://127.0.0.1:9/pix/add", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["error"]["kind"] == Unreachable.__name__
    assert told["error"]["sent"] is False
    assert told["outcome"] == "aborted"


async def test_plain_http_to_another_machine_gets_a_warning(run: Run) -> None:
    """A warning, never a question."""
    result = await run("pix-add", "--patient", PATIENT, "--url", "http://pix.invalid/add")
    assert "anybody on the way can read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["pix-add"], "either a FILE or --patient"),
        (["pix-add", "x.xml", "--patient", PATIENT], "either a FILE or --patient"),
        (["pix-add", "does-not-exist.xml"], "cannot be read"),
        (["pix-add", str(EXAMPLES)], "cannot be read"),
        (["pix-add", str(EXAMPLES / "sample-ccd.xml")], "not an ITI-44 add"),
        (["pix-add", str(EXAMPLES / ".gitattributes")], "not well-formed"),
        (["pix-add", "--patient", "id=1"], "no identifier"),
        (["pix-add", "--patient", PATIENT, "--url", "localhost/x"], "does not begin with http"),
        (["pix-add", "--patient", PATIENT, "--sender", "me"], "this is no OID"),
        (["iti-41"], "nothing to submit"),
        (["iti-41", "--document", "none.xml"], "whose document"),
        (["iti-41", "--document", "none.xml", "--patient-id", PATIENT_ID], "document cannot be read"),
        (["iti-41", "--document", "x", "--patient-id", "PAT-1"], "document cannot be read"),
        (["iti-41", "--document", str(EXAMPLES / "pix-add.xml"), "--patient-id", "PAT-1^^^"], "no patient identifier"),
        (["iti-41", "--metadata", str(EXAMPLES / "pix-add.xml")], "holds no submission"),
        (["iti-41", "--metadata", str(EXAMPLES / "iti41-metadata.xml"), "--title", "x"], "cannot go with --metadata"),
        (
            [
                "iti-41",
                "--metadata",
                str(EXAMPLES / "iti41-metadata.xml"),
                "--document",
                f"Nobody={EXAMPLES}/pix-add.xml",
            ],
            "do not have",
        ),
    ],
)
async def test_bad_data_fail_with_1_and_a_reason(run: Run, arguments: list[str], problem: str) -> None:
    """What cannot be sent is said, in words and in JSON; nothing is sent."""
    result = await run(*arguments)
    assert isinstance(result.exception, BadInput)
    assert result.exception.exit_code == 1
    assert problem in str(result.exception)
    as_json = await run(*arguments, "--json")
    assert as_json.exit_code == 1
    assert problem in " ".join(str(value) for value in json.loads(as_json.stdout)["error"].values())


async def test_wrong_options_are_usage_errors(run: Run) -> None:
    """click's own exit code 2."""
    assert (await run("pix-add", "--soap", "1.3")).exit_code == 2
    assert (await run("pix-add", "--nonsense")).exit_code == 2


async def test_nothing_to_send_is_answered_with_the_help(run: Run) -> None:
    """As every group does, and with the exit code of wrong usage."""
    done = await run()

    assert done.exit_code == 2
    assert "Usage:" in done.output


async def test_a_rehearsal_prints_the_message(run: Run) -> None:
    """--dry-run sends nothing."""
    result = await run("pix-add", "--patient", PATIENT, "--dry-run", "--url", "http://127.0.0.1:9/")
    assert result.exit_code == 0
    assert parse(result.stdout.encode()).tag.endswith("Envelope")


async def test_a_rehearsal_writes_the_http_body(run: Run, mock: Any, tmp_path: Path) -> None:
    """What --output-request writes is accepted when another tool sends it with the headers it names."""
    body = tmp_path / "request.bin"
    arguments = ("iti-41", "--document", str(EXAMPLES / "sample-ccd.xml"), "--patient-id", PATIENT_ID)
    result = await run(*arguments, "--output-request", str(body), "--json")
    told = json.loads(result.stdout)
    package = read_package(body.read_bytes(), ContentType.parse(told["headers"]["Content-Type"]))
    assert package.parts[0].content.read() == (EXAMPLES / "sample-ccd.xml").read_bytes()
    answer = await mock.post("/iti41/submit", body.read_bytes(), told["headers"]["Content-Type"])
    assert answer.status == 200
    text = (await run(*arguments, "--output-request", str(body))).stdout
    assert "curl" in text
    assert "--data-binary" in text


@pytest.mark.parametrize(
    ("name", "content", "mime_type"),
    [
        ("a.xml", b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text/xml"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("scan", b"%PDF-1.4", "application/pdf"),
        ("a.txt", b"hello", "text/plain"),
        ("a.jpg", b"\xff\xd8", "image/jpeg"),
        ("thing", b"\x00", "application/octet-stream"),
    ],
)
async def test_media_types_are_guessed_by_content_and_name(
    run: Run, tmp_path: Path, name: str, content: bytes, mime_type: str
) -> None:
    """Or said: --mime-type."""
    (tmp_path / name).write_bytes(content)
    arguments = ("iti-41", "--document", str(tmp_path / name), "--patient-id", PATIENT_ID, "--dry-run")
    assert f'mimeType="{mime_type}"' in (await run(*arguments)).stdout
    assert 'mimeType="a/b"' in (await run(*arguments, "--mime-type", "a/b")).stdout


async def test_there_is_a_command_for_each_transaction(run: Run) -> None:
    """The list, the commands and their help come from the table."""
    listed = (await run("--list")).stdout
    for card in TRANSACTIONS:
        assert card.name in send_group.commands
        assert f"{card.name} " in listed
        assert card.code in listed
        text = (await run(card.name, "--help")).stdout
        assert "Examples:" in text
        assert "Errors to expect:" in text
    assert "Commands:" in (await run()).output


def test_errors_of_every_kind_end_with_1() -> None:
    """Scripts can rely on it."""
    assert {kind.exit_code for kind in (IheTestUtilError, BadInput, PeerFault, Unreachable)} == {1}
