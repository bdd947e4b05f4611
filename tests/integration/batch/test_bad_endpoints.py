"""What a run makes of endpoints that misbehave: category, exit code, what is still sent, and the word on what to do."""

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.batch.job import Job, JobOptions, Watch
from ihe_test_util.batch.results import RunSummary
from ihe_test_util.batch.run import RunOptions, Stop
from ihe_test_util.cli.batch_output import show_summary
from ihe_test_util.client.config import ClientConfig
from ihe_test_util.client.endpoint import Endpoint, Tls
from ihe_test_util.errors import FaultCode
from ihe_test_util.security.certificates import CertificatePaths
from ihe_test_util.security.issuing import issue
from ihe_test_util.security.tls import server_context
from ihe_test_util.soap.fault import Fault
from ihe_test_util.soap.mtom import write_package
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions import iti41, pix_add
from ihe_test_util.xml.ebrim import urns
from tests.support.endpoints import CLOSE, SILENCE, STRANGER, Answer, Asked, faulty, http, standing_in

PATIENTS = 4
HEADER = "first_name,last_name,dob,gender,patient_id_oid,patient_id,city\n"


@dataclass
class Ran:
    """What a run came to, and what its user reads."""

    summary: RunSummary
    text: str

    @property
    def verdict(self) -> tuple[str, str, int]:
        """Cause, category and exit code."""
        cause = self.summary.failures[0].cause
        return cause.name, cause.category.value, self.summary.exit_code


@pytest.fixture
def submit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Submits four patients, one after the other, to two endpoints; retries once, at once."""
    csv = tmp_path / "patients.csv"
    csv.write_text(HEADER + "".join(f"Given,Family,1980-01-01,F,2.999.1.2,PAT-{n},Basel\n" for n in range(PATIENTS)))
    config = ClientConfig.model_validate({"transport": {"max_retries": 1, "backoff_factor": 0.0}})

    async def run(pix_add_url: str, iti41_url: str = "", **how: Any) -> Ran:
        first = Endpoint(pix_add_url, **how)
        endpoints = {pix_add.SPEC.name: first, iti41.SPEC.name: replace(first, url=iti41_url or pix_add_url)}
        options = JobOptions(csv, tmp_path / "output", config, endpoints, run=RunOptions(concurrency=1))
        with Job(options) as job:
            summary = await job.run(Stop(), Watch())
        show_summary(summary, Path("summary.json"), Path("report.html"), "resume")
        return Ran(summary, capsys.readouterr().out)

    return run


def at(card: Any, answer: Answer) -> Answer:
    """Answers one transaction like that, the other one well."""
    return lambda asked: answer(asked) if asked.card is card else asked.success()


PIX, XDS = pix_add.SPEC, iti41.SPEC


def mtom(asked: Asked) -> bytes:
    """An acknowledgement in a package of one part."""
    package = write_package(
        asked.acknowledged(), (), soap_version=SoapVersion.V12, action="urn:x", boundary="b", root_id="r@x"
    )
    return http(b"".join(package.chunks()), package.content_type)


def say(card: Any, status: str, body: bytes = b"", content_type: str = "", **headers: str) -> Answer:
    """Answers one transaction by HTTP alone."""
    return at(card, lambda _: http(body, content_type, status, **headers))


def fail(card: Any, fault: Fault, version: SoapVersion = SoapVersion.V12) -> Answer:
    """Answers one transaction with a SOAP fault."""
    return at(card, lambda _: faulty(fault, version))


def refuse(status: str, code: str, context: str) -> Answer:
    """Answers a submission with an error of the registry."""
    return at(XDS, lambda asked: http(asked.registered(status, iti41.RegistryError(code, context))))


#: Every patient would fail: the cause, and what the user reads.
CRITICAL = {
    "relative redirect": (
        say(PIX, "302 Found", Location="/login"),
        "wrong-address",
        ("sends us to http://127.0.0.1:",),
    ),
    "redirect": (
        say(PIX, "301 Moved", Location="https://new.example.org/pix"),
        "wrong-address",
        ("not followed", "make it the URL: https://new.example.org/pix"),
    ),
    "401": (
        say(PIX, "401 Unauthorized", WWW_Authenticate='Basic realm="x"'),
        "not-admitted",
        ("wants to know who asks", "it accepts: Basic", "--cert"),
    ),
    "403": (say(XDS, "403 Forbidden"), "not-admitted", ("does not let us in", "operator")),
    "404": (say(XDS, "404 Not Found", b"<html>no</html>", "text/html"), "wrong-address", ("nothing lives", "path")),
    "wrong action": (
        fail(PIX, Fault(FaultCode.SENDER, "unknown action", subcode="ActionNotSupported")),
        "wrong-address",
        ("unknown action", "path of the URL"),
    ),
    "wrong action, SOAP 1.1": (
        fail(PIX, Fault(FaultCode.SENDER, "unknown action", subcode="ActionNotSupported"), SoapVersion.V11),
        "wrong-address",
        ("unknown action", "path of the URL"),
    ),
    "header not understood": (
        fail(PIX, Fault(FaultCode.MUST_UNDERSTAND, "wsse:Security")),
        "wrong-soap",
        ("wsse:Security", "--assertion-per none"),
    ),
    "stranger": (
        fail(PIX, Fault(FaultCode.SENDER, "who are you", subcode="FailedAuthentication")),
        "not-admitted",
        ("who are you", "assertion"),
    ),
}


@pytest.mark.parametrize("name", CRITICAL)
async def test_what_would_fail_for_every_patient_stops_the_run(submit: Callable[..., Any], name: str) -> None:
    """Nothing further is sent after the first such answer; exit code 3; the URL and what to do are printed."""
    answer, cause, words = CRITICAL[name]
    async with standing_in(answer) as standin:
        ran = await submit(standin.url)
    assert ran.verdict == (cause, "critical", 3)
    assert standin.codes in (["ITI-44"], ["ITI-44", "ITI-41"])
    assert (ran.summary.failed, ran.summary.not_reached) == (1, PATIENTS - 1)
    assert standin.url in ran.text
    assert [word for word in words if word not in ran.text] == []


#: This patient fails, the others are tried: the cause, and what the user reads.
PERMANENT = {
    "html": (
        say(PIX, "200 OK", b"<html><title>Welcome</title></html>", "text/html"),
        "no-soap",
        ("a web page", "'Welcome'", "check the URL"),
    ),
    "fault": (fail(PIX, Fault(FaultCode.SENDER, "no such domain")), "request-fault", ("no such domain", "audit")),
    "fault, SOAP 1.1": (
        fail(PIX, Fault(FaultCode.SENDER, "no such domain"), SoapVersion.V11),
        "request-fault",
        ("(Sender): no such domain",),
    ),
    "AE": (
        at(PIX, lambda asked: http(asked.acknowledged("AE", said="unknown domain"))),
        "rejected",
        ("AE; E: unknown domain", "identifiers"),
    ),
    "failure": (
        refuse(urns.FAILURE, "XDSUnknownPatientId", "nobody"),
        "rejected",
        ("Failure; XDSUnknownPatientId: nobody",),
    ),
    "partial success": (
        refuse(urns.PARTIAL_SUCCESS, "XDSRegistryError", "half of it"),
        "rejected",
        ("PartialSuccess; XDSRegistryError: half of it",),
    ),
    "answer to another message": (
        at(PIX, lambda asked: http(asked.acknowledged(relates_to=f"urn:uuid:{STRANGER}"))),
        "other-message",
        ("answer to another message", STRANGER, "--concurrency 1"),
    ),
    "answer to another submission": (
        at(XDS, lambda asked: http(asked.registered(relates_to=f"urn:uuid:{STRANGER}"))),
        "other-message",
        ("answer to another message", STRANGER, "mixes up answers"),
    ),
    "acknowledgement of another message": (
        at(PIX, lambda asked: http(asked.acknowledged(target=STRANGER))),
        "other-message",
        ("acknowledges another message", STRANGER, "mixes up answers"),
    ),
    "another transaction": (
        at(XDS, lambda asked: http(asked.acknowledged())),
        "unreadable",
        ("not one to ITI-41", "<MCCI_IN000002UV01>"),
    ),
    "nothing": (say(PIX, "202 Accepted"), "no-soap", ("the answer is empty", "check the URL")),
    "success that HTTP denies": (
        at(PIX, lambda asked: http(asked.acknowledged(), status="500 Internal Server Error")),
        "unreadable",
        ("contradicts itself", "HTTP 500"),
    ),
}


@pytest.mark.parametrize("name", PERMANENT)
async def test_an_answer_that_is_no_success_fails_the_patient_alone(submit: Callable[..., Any], name: str) -> None:
    """Each patient is tried once, none counts as a success, nothing is submitted for an unregistered one; exit 2."""
    answer, cause, words = PERMANENT[name]
    async with standing_in(answer) as standin:
        ran = await submit(standin.url)
    assert ran.verdict == (cause, "permanent", 2)
    assert ran.summary.failed == PATIENTS
    assert standin.codes in (["ITI-44"] * PATIENTS, ["ITI-44", "ITI-41"] * PATIENTS)
    assert standin.url in ran.text
    assert [word for word in words if word not in ran.text] == []


#: It may pass by itself, so it is tried again: the cause, the exit code, how often it was sent, what the user reads.
TRANSIENT = {
    "fault": (fail(PIX, Fault(FaultCode.RECEIVER, "database down")), "server-fault", 2, 2, ("database down", "resume")),
    "fault, SOAP 1.1": (
        fail(PIX, Fault(FaultCode.RECEIVER, "database down"), SoapVersion.V11),
        "server-fault",
        2,
        2,
        ("(Receiver): database down",),
    ),
    "busy": (refuse(urns.FAILURE, "XDSRepositoryBusy", "later"), "busy", 2, 2, ("XDSRepositoryBusy", "--concurrency")),
    "429": (say(PIX, "429 Too Many", Retry_After="0"), "busy", 2, 2, ("too often", "--concurrency")),
    "429 for an hour": (
        say(PIX, "429 Too Many", Retry_After="3600"),
        "busy",
        2,
        1,
        ("asks to wait 3,600 s", "Wait as long as the server asks"),
    ),
    "503": (say(PIX, "503 Service Unavailable"), "unavailable", 3, 2, ("not available now", "resume")),
    "closed in the middle": (
        at(PIX, lambda asked: asked.success()[:-50]),
        "outcome-unknown",
        3,
        2,
        ("closed in the middle of the answer", "Resume the run: the same ids"),
    ),
    "closed": (
        at(PIX, lambda _: CLOSE),
        "outcome-unknown",
        3,
        2,
        ("closed the connection without an answer", "same ids"),
    ),
    "hangs": (at(PIX, lambda _: SILENCE), "outcome-unknown", 3, 2, ("no answer came within", "transport.timeout_read")),
}


@pytest.mark.parametrize("name", TRANSIENT)
async def test_what_may_pass_is_sent_again_with_the_same_ids(submit: Callable[..., Any], name: str) -> None:
    """Each patient is tried as often as the policy says; where nobody gets an answer any more the run stops."""
    answer, cause, exit_code, tries, words = TRANSIENT[name]
    async with standing_in(answer) as standin:
        ran = await submit(standin.url, timeout_read_s=0.2)
    assert ran.verdict == (cause, "transient", exit_code)
    assert ran.summary.succeeded == 0
    failing = [asked for asked in standin.asked if asked.card is (XDS if name == "busy" else PIX)]
    assert len(failing) == ran.summary.failed * tries
    assert len({asked.envelope.addressing.message_id for asked in failing}) == ran.summary.failed
    assert [word for word in words if word not in ran.text] == []


@pytest.mark.parametrize("breaks_off", [True, False])
async def test_a_submission_that_had_arrived_is_recognized(submit: Callable[..., Any], *, breaks_off: bool) -> None:
    """A uniqueId that the registry has is a success for whom it was sent before, and else another's submission."""
    taken = refuse(urns.FAILURE, "XDSDuplicateUniqueIdInRegistry", "known")
    seen: set[str] = set()

    def answer(asked: Asked) -> bytes:
        if asked.card is not XDS:
            return asked.success()
        message_id = asked.envelope.addressing.message_id
        if breaks_off and message_id not in seen:
            seen.add(message_id)
            return CLOSE
        return taken(asked)

    async with standing_in(answer) as standin:
        ran = await submit(standin.url)
    assert ran.summary.succeeded == (PATIENTS if breaks_off else 0)


async def test_what_passes_does_no_harm(submit: Callable[..., Any]) -> None:
    """An endpoint that is busy, breaks off and fails now and then costs no patient."""
    odd = [say(PIX, "429 Too Many", Retry_After="0"), at(PIX, lambda _: CLOSE), say(PIX, "503 Service Unavailable")]

    def answer(asked: Asked) -> bytes:
        return odd.pop()(asked) if odd and asked.card is PIX and len(standin.asked) % 3 == 1 else asked.success()

    async with standing_in(answer) as standin:
        ran = await submit(standin.url)
    assert odd == []
    assert (ran.summary.succeeded, ran.summary.exit_code) == (PATIENTS, 0)


async def test_a_package_where_plain_was_asked_is_read(submit: Callable[..., Any]) -> None:
    """MTOM answers to plain requests, as CXF and Metro give them, are answers."""
    async with standing_in(at(PIX, mtom)) as standin:
        ran = await submit(standin.url)
    assert (ran.summary.succeeded, ran.summary.exit_code) == (PATIENTS, 0)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_nobody_there_stops_the_run(submit: Callable[..., Any], scheme: str) -> None:
    """Refused: tried again, then the run stops, and the URL is told."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}/ihe"
        ran = await submit(url)
    assert ran.verdict == ("not-reached", "critical", 3)
    assert ran.summary.not_reached == PATIENTS - 1
    assert [word for word in (url, "nothing listens there", "mock start -b") if word not in ran.text] == []


def server_of(hosts: tuple[str, ...], paths: CertificatePaths) -> ssl.SSLContext:
    """The TLS of a server by these names, with certificates of its own."""
    issued = issue(hosts, days=5, now=datetime.now(UTC), pkcs12_password="x")
    for path, data in (
        (paths.ca, issued.ca),
        (paths.server_cert, issued.server_cert),
        (paths.server_key, issued.server_key),
    ):
        path.write_bytes(data)
    return server_context(paths.server_cert, paths.server_key)


async def test_plain_http_to_a_port_of_https_stops_the_run(submit: Callable[..., Any], tmp_path: Path) -> None:
    """Every patient would fail: the run stops at the first, and says which scheme the port takes."""
    context = server_of(("127.0.0.1",), CertificatePaths.in_directory(tmp_path))
    async with standing_in(lambda asked: asked.success(), tls=context) as standin:
        ran = await submit(standin.url.replace("https://", "http://"))

    assert ran.verdict == ("tls", "critical", 3)
    assert "the port speaks HTTPS" in ran.text
    assert "https://127.0.0.1:" in ran.text


async def test_https_to_a_port_of_plain_http_stops_the_run(submit: Callable[..., Any], mock: Any) -> None:
    """The other way round."""
    ran = await submit(f"{mock.url.replace('http://', 'https://')}/pix/add")

    assert ran.verdict == ("tls", "critical", 3)
    assert "does not speak TLS" in ran.text


async def test_an_unknown_host_stops_the_run(submit: Callable[..., Any]) -> None:
    """RFC 2606 keeps .invalid out of the DNS; it is not tried again."""
    ran = await submit("http://pix.invalid/add")
    assert ran.verdict == ("unknown-host", "critical", 3)
    assert ran.summary.not_reached == PATIENTS - 1
    assert [word for word in ("http://pix.invalid/add", "host name", "spelling") if word not in ran.text] == []


@pytest.mark.parametrize(
    ("host", "trusted", "words"),
    [
        ("127.0.0.1", False, ("a CA that is not trusted here", "--ca FILE")),
        ("pix.example.org", True, ("for another name", "certs init --host")),
    ],
)
async def test_a_server_that_is_not_believed_stops_the_run(
    submit: Callable[..., Any],
    tmp_path: Path,
    host: str,
    trusted: bool,  # noqa: FBT001 - a column of the table
    words: tuple[str, ...],
) -> None:
    """An unknown CA, a certificate for another name: nothing is sent."""
    paths = CertificatePaths.in_directory(tmp_path)
    context = server_of((host,), paths)
    async with standing_in(lambda asked: asked.success(), tls=context) as standin:
        ran = await submit(standin.url, tls=Tls(ca=paths.ca) if trusted else Tls())
    assert ran.verdict == ("tls", "critical", 3)
    assert standin.asked == []
    assert [word for word in words if word not in ran.text] == []


@pytest.mark.parametrize("addressing", [True, False])
async def test_a_mistyped_path_of_the_mock_stops_the_run(
    submit: Callable[..., Any],
    mock: Any,
    addressing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """wsa:DestinationUnreachable; the fault names the right path."""
    ran = await submit(f"{mock.url}/pix/ad", f"{mock.url}/iti41/submit", addressing=addressing)
    assert ran.verdict == ("wrong-address", "critical", 3)
    assert ran.summary.not_reached == PATIENTS - 1
    assert "send it to /pix/add" in ran.text


async def test_what_a_server_says_steers_no_terminal(submit: Callable[..., Any]) -> None:
    """Controls and writing directions in a refusal reach neither the results nor the terminal."""
    evil = "\x9b31mred \u202e backwards"
    async with standing_in(at(PIX, lambda asked: http(asked.acknowledged("AE", said=evil)))) as standin:
        ran = await submit(standin.url)
    message = ran.summary.failures[0].cause.message
    assert "31mred" in message
    assert message.isprintable()
    assert not set(evil[:1] + "\u202e") & set(ran.text)


async def test_warnings_of_a_success_are_kept(submit: Callable[..., Any], tmp_path: Path) -> None:
    """What a repository warns of is no failure, and stands with the patient in the results."""
    warning = iti41.RegistryError("XDSExtraMetadataNotSaved", "slot x was not kept", urns.SEVERITY_WARNING)
    async with standing_in(at(XDS, lambda asked: http(asked.registered(urns.SUCCESS, warning)))) as standin:
        ran = await submit(standin.url)
    assert ran.summary.exit_code == 0
    lines = (tmp_path / "output/results/results.jsonl").read_text().splitlines()
    assert "slot x was not kept" in json.loads(lines[-1])["notes"][0]
