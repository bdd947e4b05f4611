"""Each document has an id of its own, whatever the template does."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

OWN = '<id root="{{ document_id }}"/>'


def template(bench: Any, identifier: str) -> str:
    """A template with another id of ClinicalDocument."""
    text = (files("ihe_test_util.documents") / "templates" / "ccd-minimal.xml").read_text("utf-8")
    assert text.count(OWN) == 1
    Path(bench.path("own.xml")).write_text(text.replace(OWN, identifier), "utf-8")
    return "own.xml"


@pytest.mark.parametrize("how", [(), ("--dry-run",)])
async def test_one_id_for_all_is_refused_before_anything_is_sent(bench: Any, how: tuple[str, ...]) -> None:
    """Exit code 1, with the id, two rows that would have it, and what to write instead."""
    bench.patients(3)
    done = await bench.run("submit", "patients.csv", "--ccd-template", template(bench, '<id root="2.999.7"/>'), *how)
    assert done.returncode == 1
    assert "2.999.7 for row 2 and for row 3" in done.stderr
    assert OWN in done.stderr
    assert (await bench.peer.server.store.counts()).patients == 0
    assert not bench.path("output").exists()


async def test_a_patient_with_the_id_of_another_fails(bench: Any) -> None:
    """Where only some are the same, only they fail, and do so again when the run is resumed."""
    text = bench.path(bench.patients(3)).read_text()
    bench.path("patients.csv").write_text(text + "Other,Person,1970-01-01,M,2.999.1.3,PAT-0,Bern\n")
    name = template(bench, '<id root="2.999.7" extension="{{ patient_id }}"/>')
    for args in (("patients.csv", "--ccd-template", name), ("--resume", "output/results/results.jsonl")):
        done = await bench.run("submit", *args, "--concurrency", "1")
        found = bench.summary()
        assert (done.returncode, found["succeeded"], found["failed"]) == (2, 3, 1)
        assert "the id of another patient's" in done.stdout
        assert "2.999.7^PAT-0, which is that of row 2" in done.stdout
    assert sorted(one["unique_id"] for one in bench.saved()) == [f"2.999.7^PAT-{n}" for n in range(3)]


async def test_an_id_that_no_registry_takes_is_replaced(bench: Any) -> None:
    """nullFlavor, or no OID: each document gets one that is made for it."""
    bench.patients(2)
    done = await bench.run("submit", "patients.csv", "--ccd-template", template(bench, '<id nullFlavor="NI"/>'))
    assert done.returncode == 0, done.stderr
    assert len({one["unique_id"] for one in bench.saved()}) == 2


async def test_a_template_that_makes_no_document_is_refused_before_anything_is_sent(bench: Any) -> None:
    """Exit code 1 at once, in place of every patient with the same failure; it says who tells more."""
    done = await bench.run("submit", bench.patients(3), "--ccd-template", "patients.csv")
    assert done.returncode == 1
    assert "no document can be made: the document from patients.csv is not well-formed XML" in done.stderr
    assert "ihe-test-util template validate patients.csv" in done.stderr
    assert (await bench.peer.server.store.counts()).patients == 0
    assert not bench.path("output").exists()
