"""``submit`` as it is typed, against a mock server."""

import asyncio
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.store.journal_reader import JournalReader
from tests.support.peer import StartMock
from tests.support.runs import without_warning

STRICT = {"pix_add_behavior.validation_mode": "strict", "iti41_behavior.validation_mode": "strict"}


@pytest.mark.parametrize("template", ["ccd-minimal", "ccd-full"])
async def test_the_sample_patients_all_go_through(start_bench: Any, samples: Path, template: str) -> None:
    """Ten patients of every kind are registered and submitted, to a mock that is strict, byte for byte."""
    bench = await start_bench(STRICT)
    done = await bench.run("submit", str(samples), "--ccd-template", template)
    assert (done.returncode, without_warning(done.stderr)) == (0, "")
    assert "10 of 10 patients submitted" in done.stdout
    patients = bench.summary()["patients"]
    assert [one["status"] for one in patients] == ["submitted"] * 10
    assert [one["row"] for one in patients] == list(range(2, 12))
    saved = {one["unique_id"]: one for one in bench.saved()}
    assert len(saved) == len(bench.saved()) == 10
    for one in patients:
        kept = bench.data_dir / "documents" / saved[one["document_id"]]["file"]
        assert kept.read_bytes() == bench.path("output", one["document"]).read_bytes()
    counts = await bench.peer.server.store.counts()
    assert (counts.patients, counts.submissions) == (10, 10)


async def test_what_it_leaves_lies_in_one_directory(bench: Any) -> None:
    """Documents, results, a log, an audit with a line an exchange; no patient's name in log or audit."""
    bench.patients(3)
    done = await bench.run("submit", "patients.csv", "--output-dir", "out", "--output", "summary.json")
    assert done.returncode == 0
    assert sorted(one.name for one in bench.path("out").iterdir()) == ["audit", "documents", "logs", "results"]
    assert len(list(bench.path("out", "documents").glob("*.xml"))) == 3
    audit = [json.loads(line) for line in bench.path("out", "audit", "exchanges.jsonl").read_text().splitlines()]
    assert sorted(one["transaction"] for one in audit) == ["ITI-41"] * 3 + ["ITI-44"] * 3
    assert bench.summary("summary.json")["succeeded"] == 3
    log = bench.path("out", "logs", "ihe-test-util.log").read_text()
    assert "ITI-41" in log
    assert "Given" not in log + json.dumps(audit)
    assert "PAT-" not in log + json.dumps(audit)


@pytest.mark.parametrize("redact", ["true", "false"])
async def test_messages_are_logged_only_where_that_is_wanted(bench: Any, redact: str) -> None:
    """At level DEBUG whole messages, patients and all, but only with redact_pii off."""
    bench.patients(2)
    done = await bench.run("submit", "patients.csv", IHE_TEST_LEVEL="DEBUG", IHE_TEST_REDACT_PII=redact)
    assert done.returncode == 0, done.stderr
    log = bench.path("output", "logs", "ihe-test-util.log").read_text()
    assert "ITI-41" in log
    for word in ("Given0", "Family1", "PAT-1", "1980"):
        assert (word in log) is (redact == "false")


async def test_the_acknowledged_identifier_is_submitted(start_bench: Any) -> None:
    """patientId of the submission is what the PIX manager said, sourcePatientId what the file says."""
    bench = await start_bench({"pix_add_behavior.custom_patient_id": "EID-7^^^&2.999.7&ISO"})
    bench.patients(1)
    done = await bench.run("submit", "patients.csv", "--json")
    assert json.loads(done.stdout)["patients"][0]["registered_id"] == "EID-7^^^&2.999.7&ISO"
    journal = JournalReader(bench.data_dir)
    (entry,) = await asyncio.to_thread(lambda: journal.tail(1, transaction="ITI-41"))
    metadata = (await asyncio.to_thread(journal.get, entry.exchange.id)).request.body.decode()
    assert metadata.count("EID-7^^^&amp;2.999.7&amp;ISO") == 2
    assert metadata.count("<rim:Value>PAT-0^^^&amp;2.999.1.2&amp;ISO") == 1


async def test_failures_do_not_stop_the_others(start_bench: Any) -> None:
    """Each patient has an outcome, in the order of the file; causes are counted with their remedy; exit code 2."""
    bench = await start_bench(
        {"iti41_behavior.failure_rate": 0.5, "iti41_behavior.custom_fault_message": "storage is full"}
    )
    bench.patients(12)
    done = await bench.run("submit", "patients.csv", IHE_TEST_MAX_RETRIES="0")
    found = bench.summary()
    assert [one["row"] for one in found["patients"]] == list(range(2, 14))
    assert {one["status"] for one in found["patients"]} <= {"submitted", "failed"}
    assert found["succeeded"] + found["failed"] == 12
    assert done.returncode == (2 if found["failed"] else 0)
    for group in found["failures"]:
        assert "storage is full" in group["message"]
        assert (group["step"], group["category"]) == ("ITI-41", "transient")
        assert group["remedy"]
    assert sum(group["count"] for group in found["failures"]) == found["failed"]


async def test_without_registration_nothing_is_submitted(start_bench: Any) -> None:
    """ITI-44 must succeed before ITI-41 of the same patient."""
    bench = await start_bench({"pix_add_behavior.failure_rate": 1.0})
    bench.patients(3)
    done = await bench.run("submit", "patients.csv", IHE_TEST_MAX_RETRIES="1")
    assert done.returncode == 2
    assert bench.saved() == []
    assert [one["attempts"] for one in bench.summary()["patients"]] == [2, 2, 2]


async def test_resume_does_the_rest(start_bench: Any) -> None:
    """Only what has no acknowledgement is sent again, with the same identifiers."""
    bench = await start_bench({"iti41_behavior.failure_rate": 0.5})
    bench.patients(12)
    await bench.run("submit", "patients.csv", IHE_TEST_MAX_RETRIES="0")
    before = bench.summary()
    done = await bench.run("submit", "--resume", "output/results/results.jsonl", IHE_TEST_MAX_RETRIES="50")
    after = bench.summary()
    assert done.returncode == 0
    assert after["handled_now"] == before["failed"]
    assert after["resumed"]
    for key in ("message_id", "document_id", "submission_set_id", "sha1"):
        assert [one[key] for one in before["patients"] if key in one] == [
            two[key] for one, two in zip(before["patients"], after["patients"], strict=True) if key in one
        ]
    assert len({one["unique_id"] for one in bench.saved()}) == len(bench.saved()) == 12
    assert (await bench.peer.server.store.counts()).submissions == 12


async def test_nobody_there_is_critical(bench: Any) -> None:
    """The run stops, says what to do, and exits with 3; nothing is lost, resume goes on."""
    bench.patients(100)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = await bench.run("submit", "patients.csv", "--pix-add-url", f"{nobody}/pix")
    assert done.returncode == 3
    assert "nothing listens there" in done.stdout
    assert "Start the server" in done.stdout
    assert bench.summary()["not_reached"] >= 80
    mended = ("--pix-add-url", f"{bench.peer.url}/pix/add")
    again = await bench.run("submit", "--resume", "output/results/results.jsonl", "--quiet", *mended)
    assert (again.returncode, again.stderr.count("--pix-add-url is http")) == (0, 1), "what is otherwise now is said"
    assert len(bench.saved()) == 100


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "405 Method Not Allowed"])
async def test_a_wrong_address_is_critical(bench: Any, start_peer: Any, status: str) -> None:
    """Every patient would fail: the run stops at once, and names what to look at."""
    url = await start_peer(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    bench.patients(50)
    done = await bench.run("submit", "patients.csv", "--pix-add-url", url)
    assert done.returncode == 3
    assert "URL" in done.stdout
    assert bench.summary()["stopped"] == "critical"
    assert bench.summary()["not_reached"] >= 30


async def test_an_endpoint_that_is_gone_stops_the_run(bench: Any, start_peer: Any) -> None:
    """When nobody gets an answer any more, the run does not wait for every patient."""
    url = await start_peer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    bench.patients(50)
    args = ("submit", "patients.csv", "--pix-add-url", url, "--concurrency", "2")
    done = await bench.run(*args, IHE_TEST_MAX_RETRIES="0")
    assert done.returncode == 3
    assert bench.summary()["failed"] in {6, 7}
    assert "resume the run when it is back" in done.stdout


async def test_invalid_rows_stop_the_run_before_anything_is_sent(bench: Any) -> None:
    """Exit code 1 and the problems; with --skip-invalid the others go through and the code is 2."""
    bench.path("patients.csv").write_text(
        "first_name,last_name,dob,gender,patient_id_oid\nA,B,1980-01-01,F,2.999.1.2\nC,D,2980-01-01,X,2.999.1.2\n"
    )
    refused = await bench.run("submit", "patients.csv")
    assert refused.returncode == 1
    assert "row 3" in refused.stderr
    assert not bench.path("output").exists()
    done = await bench.run("submit", "patients.csv", "--skip-invalid", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["by_status"] == {"submitted": 1, "invalid": 1}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("missing.csv",), "no such file"),
        ((), "which patients"),
        (("patients.csv", "--ccd-template", "none.xml"), "none.xml"),
        (("patients.csv", "--pix-only", "--iti41-only"), "exclude"),
        (("patients.csv", "--iti41-only"), "--pix-results"),
        (("patients.csv", "--pix-results", "x"), "--iti41-only"),
        (("patients.csv", "--resume", "none.jsonl"), "no such checkpoint"),
        (("patients.csv", "--resume", "patients.csv"), "no checkpoint"),
        (("patients.csv", "--config", "none.json"), "none.json"),
        (("patients.csv", "--iti41-only", "--pix-results", "patients.csv"), "no checkpoint"),
    ],
)
async def test_input_that_cannot_be_used_is_refused(bench: Any, args: tuple[str, ...], words: str) -> None:
    """Exit code 1, a message with the reason, and nothing is sent."""
    bench.patients(1)
    done = await bench.run("submit", *args)
    assert done.returncode == 1
    assert words in done.stderr
    assert (await bench.peer.server.store.counts()).patients == 0


async def test_a_certificate_that_cannot_be_used_is_critical(bench: Any) -> None:
    """Exit code 3 before anything is sent."""
    bench.patients(1)
    bench.path("broken.pem").write_text("nothing")
    done = await bench.run("submit", "patients.csv", "--cert", "broken.pem")
    assert done.returncode == 3
    assert "broken.pem" in done.stderr
    assert (await bench.peer.server.store.counts()).patients == 0


async def test_resume_refuses_what_would_not_be_the_same(bench: Any) -> None:
    """Another file, seed, template, mode or server is named as the reason."""
    bench.patients(2)
    await bench.run("submit", "patients.csv", "--seed", "1")
    bench.patients(3, "other.csv")
    resume = ("submit", "--resume", "output/results/results.jsonl")
    for args, words in (
        (("other.csv",), "file of patients has changed"),
        (("--seed", "2"), "seed was 1"),
        (("--ccd-template", "ccd-full"), "template was ccd-minimal"),
        (("--pix-only",), "mode all"),
        (("--iti41-url", "http://127.0.0.1:1/x"), "documents were submitted to"),
    ):
        done = await bench.run(*resume, *args)
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert len(bench.saved()) == 2


async def test_a_dry_run_writes_every_message(bench: Any, start_mock: StartMock, samples: Path) -> None:
    """Nothing is sent; the files are what HTTP would carry, the same each time for a seed."""
    for directory in ("one", "two"):
        done = await bench.run(
            "submit", str(samples), "--dry-run", "--seed", "7", "--output-dir", directory, "--ccd-template", "ccd-full"
        )
        assert done.returncode == 0, done.stderr
    assert (await bench.peer.server.store.counts()).patients == 0
    files = sorted(one.relative_to(bench.path("one")) for one in bench.path("one", "messages").iterdir())
    assert len(files) == 40
    for one in files:
        assert bench.path("one", str(one)).read_bytes() == bench.path("two", str(one)).read_bytes()
    strict = await start_mock(STRICT)
    for one in files:
        if one.suffix != ".headers":
            headers = bench.path("one", f"{str(one).removesuffix(one.suffix)}.headers").read_text()
            content_type = headers.splitlines()[0].removeprefix("Content-Type: ")
            path = "/pix/add" if "pix-add" in one.name else "/iti41/submit"
            answer = await strict.post(path, bench.path("one", str(one)).read_bytes(), content_type)
            assert (answer.status, answer.fault) == (200, ""), one


@pytest.mark.parametrize("results", ["results.jsonl", "summary.json"])
async def test_registration_and_submission_can_be_two_runs(start_bench: Any, results: str) -> None:
    """--pix-only leaves what --iti41-only needs: also identifiers that the file does not give."""
    bench = await start_bench({"pix_add_behavior.custom_patient_id": "EID-7^^^&2.999.7&ISO"})
    bench.path("patients.csv").write_text(
        "first_name,last_name,dob,gender,patient_id_oid\nA,B,1980-01-01,F,2.999.1.2\nC,D,1980-01-01,M,2.999.1.2\n"
    )
    first = await bench.run("submit", "patients.csv", "--pix-only", "--output-dir", "pix")
    assert (first.returncode, bench.saved()) == (0, [])
    done = await bench.run("submit", "patients.csv", "--iti41-only", "--pix-results", f"pix/results/{results}")
    assert done.returncode == 0, done.stdout + done.stderr
    pix, xds = bench.summary("pix/results/summary.json")["patients"], bench.summary()["patients"]
    assert [one["patient_id"] for one in pix] == [one["patient_id"] for one in xds]
    assert {one["registered_id"] for one in xds} == {"EID-7^^^&2.999.7&ISO"}
    assert len(bench.saved()) == 2


async def test_patients_that_were_not_registered_are_not_submitted(start_bench: Any) -> None:
    """--iti41-only leaves out whom the results do not know, and says so."""
    bench = await start_bench({"pix_add_behavior.failure_rate": 1.0})
    bench.patients(2)
    await bench.run("submit", "patients.csv", "--pix-only", "--output-dir", "pix", IHE_TEST_MAX_RETRIES="0")
    done = await bench.run("submit", "patients.csv", "--iti41-only", "--pix-results", "pix/results/results.jsonl")
    assert done.returncode == 2
    assert "not registered" in done.stdout
    assert bench.saved() == []


async def test_a_second_run_keeps_the_results_of_the_first(bench: Any) -> None:
    """They get another name, which is said."""
    bench.patients(1)
    await bench.run("submit", "patients.csv")
    done = await bench.run("submit", "patients.csv")
    assert "results-1.jsonl" in done.stderr
    assert bench.path("output", "results", "results-1.jsonl").exists()


async def test_pix_add_register_writes_the_identifiers(bench: Any) -> None:
    """The table's own command: --endpoint, --output, and nothing is submitted."""
    bench.patients(3)
    done = await bench.run(
        "pix-add", "register", "patients.csv", "--endpoint", f"{bench.peer.url}/pix/add", "--output", "registered.json"
    )
    assert done.returncode == 0, done.stderr
    patients = bench.summary("registered.json")["patients"]
    assert [one["registered_id"] for one in patients] == [f"PAT-{n}^^^&2.999.1.2&ISO" for n in range(3)]
    assert {one["status"] for one in patients} == {"registered"}
    assert bench.saved() == []


async def test_fail_fast_stops_at_the_first_failure(start_bench: Any) -> None:
    """What was not begun is not begun."""
    bench = await start_bench({"pix_add_behavior.failure_rate": 1.0})
    bench.patients(50)
    done = await bench.run("submit", "patients.csv", "--fail-fast", "--concurrency", "2", IHE_TEST_MAX_RETRIES="0")
    assert done.returncode == 2
    found = bench.summary()
    assert found["stopped"] == "fail-fast"
    assert found["not_reached"] >= 45


async def test_a_reader_of_progress_may_go_away(bench: Any) -> None:
    """Results and reports of a run do not depend on whether anybody reads what it says (submit 2>&1 | head -1)."""
    bench.patients(2)
    reading, writing = os.pipe()
    os.close(reading)
    line = bench.command.line("submit", "patients.csv", "--pix-add-url", f"{bench.peer.url}/nowhere")
    environ = bench.command.environ(bench.variables)
    process = await asyncio.create_subprocess_exec(*line, cwd=bench.directory, env=environ, stderr=writing)
    os.close(writing)
    assert await process.wait() == 3
    assert bench.summary()["stopped"] == "critical"
    assert bench.path("output", "results", "report.html").exists()


async def test_json_is_one_object_and_nothing_else(bench: Any) -> None:
    """For programs; quiet says nothing where all went well."""
    bench.patients(2)
    done = await bench.run("submit", "patients.csv", "--json")
    assert (json.loads(done.stdout)["exit_code"], done.stderr) == (0, "")
    quiet = await bench.run("submit", "patients.csv", "--quiet", "--output-dir", "other")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(("per", "assertions"), [("message", 6), ("run", 1), ("none", 0)])
async def test_messages_are_signed_where_there_is_a_certificate(bench: Any, per: str, assertions: int) -> None:
    """Each message has an assertion of its own, or all have one; those of a message name its patient."""
    bench.patients(3)
    assert (await bench.run("certs", "init")).returncode == 0
    certificate = ("--cert", "mocks/client-cert.pem", "--key", "mocks/client-key.pem")
    done = await bench.run("submit", "patients.csv", *certificate, "--assertion-per", per)
    assert done.returncode == 0, done.stdout + done.stderr
    journal = JournalReader(bench.data_dir)
    entries = await asyncio.to_thread(lambda: journal.tail(10))
    bodies = [(await asyncio.to_thread(journal.get, entry.exchange.id)).request.body for entry in entries]
    found = [re.search(rb'<(?:\w+:)?Assertion [^>]*ID="([^"]+)"', body) for body in bodies]
    assert len({one[1] for one in found if one}) == assertions
    assert all((b"wsu:Timestamp" in body) == bool(assertions) for body in bodies)
    if per == "message":
        assert all(re.search(rb"PAT-[0-2]\^\^\^&amp;2.999.1.2&amp;ISO</\w+:AttributeValue>", body) for body in bodies)
