"""What ``ihe-test-util send`` says and does when something goes wrong, and how it signs."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.send_commands import send_group
from ihe_test_util.errors import BadInput, NoSoapAnswer, OtherMessage, PeerFault
from ihe_test_util.security.certificates import CertificatePaths, CertificateSet, make_certificates
from tests.support.command import Command
from tests.support.endpoints import CLOSE, SILENCE, STRANGER, Asked, http, standing_in
from tests.support.patience import PATIENCE_S

EXAMPLES = Path(__file__).parents[3] / "examples"
PATIENT = ("--patient", "id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna, birth=1980-02-29, gender=F")
Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """Runs a send command in a thread, for it has a loop of its own; retries do not wait."""

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke,
            send_group,
            arguments,
            env={"IHE_TEST_BACKOFF_FACTOR": "0", "IHE_TEST_PIX_ADD_URL": None},
        )

    return invoke


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> CertificateSet:
    """A CA and a client's certificate."""
    return make_certificates(CertificatePaths.in_directory(tmp_path_factory.mktemp("certificates")), environ={})


async def test_it_is_sent_once_unless_retries_are_asked_for(run: Run) -> None:
    """One shot: what may pass by itself is the user's to try again."""
    async with standing_in(lambda _: CLOSE) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url)
    assert result.exit_code == 1
    assert len(standin.asked) == 1


async def test_retries_send_the_same_ids_and_are_told(run: Run) -> None:
    """--retries 2: lost, busy, accepted; each retry is a line on stderr."""
    answers = [b"", http(status="503 Service Unavailable"), CLOSE]
    async with standing_in(lambda asked: answers.pop() or asked.success()) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url, "--retries", "2")
    assert (result.exit_code, answers) == (0, []), result.output
    assert len({asked.envelope.addressing.message_id for asked in standin.asked}) == 1
    assert len({asked.message_id for asked in standin.asked}) == 1
    lines = result.stderr.splitlines()
    assert [line.rpartition("; ")[2] for line in lines] == ["retry 1 of 2 in 0.0 s", "retry 2 of 2 in 0.0 s"]


@pytest.mark.parametrize(
    ("answer", "cause", "category"),
    [
        (lambda asked: http(asked.acknowledged("AE", said="unknown domain")), "rejected", "permanent"),
        (lambda asked: http(asked.acknowledged(target=STRANGER)), "other-message", "permanent"),
        (lambda _: http(status="404 Not Found"), "wrong-address", "critical"),
        (lambda _: http(status="429 Too Many Requests", Retry_After="5"), "busy", "transient"),
        (lambda _: CLOSE, "outcome-unknown", "transient"),
    ],
)
async def test_json_has_cause_category_and_remedy(run: Run, answer: Any, cause: str, category: str) -> None:
    """By the same words as the summary of a run."""
    async with standing_in(answer) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["success"]) == (1, False)
    assert (told["failure"]["cause"], told["failure"]["category"]) == (cause, category)
    assert told["failure"]["remedy"]


async def test_json_of_a_success_has_no_failure(run: Run) -> None:
    """It is null."""
    async with standing_in(lambda asked: asked.success()) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url, "--json")
    assert json.loads(result.stdout)["failure"] is None


async def test_the_answer_to_another_message_is_an_error(run: Run) -> None:
    """Never a success, whatever its code."""
    async with standing_in(lambda asked: http(asked.acknowledged(target=STRANGER))) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url)
    assert isinstance(result.exception, OtherMessage)
    assert "accepted" not in result.stdout


async def test_a_redirect_names_the_whole_address(run: Run) -> None:
    """Ready to be copied, also where the server gives a path alone."""
    async with standing_in(lambda _: http(status="302 Found", Location="/new")) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url)
    assert isinstance(result.exception, NoSoapAnswer)
    assert result.exception.hint.endswith(standin.url.replace("/ihe", "/new"))


@pytest.mark.sends_anything
async def test_what_the_server_lists_is_not_said_again(run: Run, start_mock: Any, tmp_path: Path) -> None:
    """Findings of ours that the fault names already are left out; --json keeps them all."""
    mock = await start_mock(pix_add_behavior={"validation_mode": "strict"})
    message = tmp_path / "bad.xml"
    good = (EXAMPLES / "pix-add.xml").read_bytes()
    message.write_bytes(good.replace(b'<creationTime value="20260112093000-0800"/>', b""))
    result = await run("pix-add", str(message), "--url", f"{mock.url}/pix/add")
    assert isinstance(result.exception, PeerFault)
    assert "creationTime" in result.exception.reason
    assert result.stderr == ""
    as_json = await run("pix-add", str(message), "--url", f"{mock.url}/pix/add", "--json")
    assert "creationTime" in json.dumps(json.loads(as_json.stdout)["request_findings"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--ca", "ca.pem"), "--ca without use: "),
        (("--insecure",), "--insecure without use: "),
        (("--cert", "c.pem", "--key", "k.pem"), "--cert, --key without use: "),
    ],
)
async def test_options_of_https_are_not_ignored_in_silence(run: Run, options: tuple[str, ...], told: str) -> None:
    """With a URL of plain HTTP they do nothing, which is said."""
    async with standing_in(lambda asked: asked.success()) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url, *options)
    assert result.exit_code == 0
    assert f"{told}{standin.url} is plain HTTP; is https:// meant?" in result.stderr


async def test_a_message_is_signed(run: Run, mock: Any, certificates: CertificateSet) -> None:
    """--sign puts an assertion and a timestamp into the header, over plain HTTP too, and says nothing of --cert."""
    pair = ("--cert", str(certificates.paths.client_cert), "--key", str(certificates.paths.client_key))
    url = ("--url", f"{mock.url}/pix/add")
    result = await run("pix-add", *PATIENT, *url, *pair, "--sign", "--json", "--show")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    sent = json.loads(result.stdout)["request"]["body"]
    assert "Assertion" in sent
    assert "SignatureValue" in sent
    assert "Timestamp" in sent
    rehearsed = await run("pix-add", *PATIENT, *url, *pair, "--sign", "--dry-run")
    assert "SignatureValue" in rehearsed.stdout


async def test_signing_needs_a_certificate(run: Run) -> None:
    """Nothing is sent without."""
    async with standing_in(lambda asked: asked.success()) as standin:
        result = await run("pix-add", *PATIENT, "--url", standin.url, "--sign")
    assert isinstance(result.exception, BadInput)
    assert "--cert" in result.exception.hint
    assert standin.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
async def test_ctrl_c_says_that_the_outcome_is_unknown(tmp_path: Path) -> None:
    """Exit code 130, and a line on stderr; not silence, not a trace."""
    arrived = asyncio.Event()

    def answer(_: Asked) -> bytes:
        arrived.set()
        return SILENCE

    async with standing_in(answer) as standin:
        process = Command(tmp_path, standin="").begin("send", "pix-add", *PATIENT, "--url", standin.url)
        await arrived.wait()
        process.send_signal(signal.SIGINT)
        stdout, stderr = await asyncio.to_thread(process.communicate, timeout=PATIENCE_S)
    assert (process.returncode, stdout) == (130, "")
    assert "Interrupted before an answer came; whether ITI-44 took effect is unknown" in stderr
    assert "Traceback" not in stderr
