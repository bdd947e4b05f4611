"""``pix query``, ``pdq`` and ``retrieve`` against the mock server, over a real socket."""

import asyncio
import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.api import IheClient
from ihe_test_util.cli.main import main
from ihe_test_util.cli.send_options import SendOptions
from ihe_test_util.cli.send_running import registry_client
from ihe_test_util.client.config import ClientConfig, Transport
from ihe_test_util.errors import BadInput, IheTestUtilError, Refused
from tests.support.peer import Peer

ADA = "id=PAT-1^^^&2.999.1.2&ISO, family=Rossi, given=Ada, birth=1980-02-29, gender=F, city=Köln"
ADA_ID = "PAT-1^^^&2.999.1.2&ISO"
Run = Callable[..., Any]


@pytest.fixture
def run(mock: Peer) -> Run:
    """Runs a command against the mock, in a thread, for it has a loop of its own."""
    paths = {"PIX_QUERY": "/pix/query", "PDQ": "/pdq", "ITI43": "/iti43/retrieve", "ITI18": "/iti18/query"}
    environment = {f"IHE_TEST_{name}_URL": mock.url + path for name, path in paths.items()}

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, arguments, env=environment)

    return invoke


@pytest.fixture
async def documents(mock: Peer) -> tuple[str, ...]:
    """Two documents of Ada's, who is known in two domains; their uniqueIds."""
    async with IheClient(mock.url) as ihe:
        await ihe.register(ADA)
        await ihe.register(ADA.replace("PAT-1^^^&2.999.1.2&ISO", "Q-7^^^&2.999.1.3&ISO"))
        await ihe.register("id=PAT-2^^^&2.999.1.2&ISO, family=Rossi, given=Bob, birth=1990-01-01, gender=M")
        return (await ihe.provide(b"<one/>", b"<two/>", patient_id=ADA_ID)).document_ids


def told(result: Result) -> IheTestUtilError:
    """The error that a command ended with, which the program prints."""
    assert isinstance(result.exception, IheTestUtilError), result.output
    return result.exception


async def test_the_other_identifiers_are_listed(run: Run, documents: tuple[str, ...]) -> None:
    """As a table for people and as CX for programs; those of one domain where asked."""
    people = await run("pix", "query", ADA_ID)
    programs = await run("pix", "query", ADA_ID, "--json")
    nowhere = await run("pix", "query", ADA_ID, "--domain", "2.999.1.2")

    assert documents
    assert people.stdout.split()[:2] == ["Identifier", "Domain"]
    assert "Q-7" in people.stdout
    assert json.loads(programs.stdout)["result"] == {"identifiers": ["Q-7^^^&2.999.1.3&ISO"]}
    assert nowhere.stdout.strip() == "The patient has no other identifier there."
    assert {people.exit_code, programs.exit_code, nowhere.exit_code} == {0}


async def test_an_identifier_that_nobody_knows_is_refused(run: Run, documents: tuple[str, ...]) -> None:
    """The PIX manager's reason, and exit code 1."""
    result = await run("pix", "query", "NOBODY^^^&2.999.1.2&ISO")

    assert documents
    assert result.exit_code == 1
    assert "rejected" in result.stdout


async def test_patients_are_found_in_pieces(run: Run, documents: tuple[str, ...]) -> None:
    """Whoever fits is shown, however few come at once."""
    people = await run("pdq", "--family", "Rossi", "--at-once", "1")
    programs = await run("pdq", "--given", "Ada", "--birth-date", "1980-02-29", "--domain", "2.999.1.2", "--json")
    nobody = await run("pdq", "--family", "Verdi")

    assert documents
    assert {"Ada", "Bob"} <= set(people.stdout.split())
    (ada,) = json.loads(programs.stdout)["result"]["patients"]
    assert (ada["family"], ada["given"], ada["birth_time"], ada["city"]) == ("Rossi", "Ada", "19800229", "Köln")
    assert ada["identifiers"] == [ADA_ID]
    assert nobody.stdout.strip() == "Nobody fits."
    assert {people.exit_code, programs.exit_code, nobody.exit_code} == {0}


async def test_documents_are_retrieved_into_files(run: Run, documents: tuple[str, ...], tmp_path: Path) -> None:
    """By uniqueId the registry is asked where they are; files are named by id and media type."""
    result = await run("retrieve", *documents, "--output", str(tmp_path / "out"), "--json")

    written = json.loads(result.stdout)["result"]["documents"]
    assert result.exit_code == 0
    files = [(tmp_path / "out" / f"{name}.xml") for name in documents]
    assert [one["file"] for one in written] == [str(path) for path in files]
    assert [path.read_bytes() for path in files] == [b"<one/>", b"<two/>"]
    assert [one["size"] for one in written] == [6, 6]


async def test_nothing_is_overwritten(run: Run, documents: tuple[str, ...], tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    there = tmp_path / f"{documents[0]}.xml"
    there.write_bytes(b"mine")

    error = told(await run("retrieve", documents[0], "--output", str(tmp_path)))

    assert "there already" in error.message
    assert there.read_bytes() == b"mine"


async def test_documents_whose_names_are_alike_do_not_meet(
    run: Run, documents: tuple[str, ...], tmp_path: Path
) -> None:
    """A document that is asked for twice comes twice; nothing is written over, and nothing is left out."""
    result = await run("retrieve", documents[0], documents[0], "--output", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{documents[0]}.xml",
        f"{documents[0]}_2.xml",
    ]


async def test_some_missing_means_none_is_written(run: Run, documents: tuple[str, ...], tmp_path: Path) -> None:
    """The repository's errors are shown, by exit code 1."""
    result = await run(
        "retrieve", documents[0], "2.999.404", "--repository", "2.999.1.2", "--output", str(tmp_path / "out")
    )

    assert result.exit_code == 1
    assert "XDSDocumentUniqueIdError" in result.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pix", "query", "PAT-1"), "no patient identifier"),
        (("pix", "query", ADA_ID, "--domain", "here"), "no OID"),
        (("pdq",), "whom to look for"),
        (("pdq", "--birth-date", "29.2.1980"), "no date"),
        (("pdq", "--birth-date", "1980-13"), "no date"),
        (("pdq", "--id", "PAT-1^^^"), "no patient identifier"),
        (("retrieve", "2.999.5", "--repository", "x", "--output", "out"), "no OID"),
    ],
)
async def test_wrong_arguments_are_told_before_anything_is_sent(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    """Each with what was expected."""
    error = told(await run(*arguments))

    assert isinstance(error, BadInput)
    assert said in error.message


async def test_a_document_that_no_registry_knows_is_told(run: Run, documents: tuple[str, ...]) -> None:
    """Without --repository the registry is asked first."""
    assert documents
    assert isinstance(told(await run("retrieve", "2.999.404", "--output", "out")), Refused)


async def test_the_registry_is_asked_as_often_as_told() -> None:
    """--retries holds for what is asked before the message too; 0 is the default."""
    config = ClientConfig(transport=Transport(max_retries=3))
    options = SendOptions(
        config_path=None,
        url=None,
        soap="1.2",
        addressing=True,
        ca=None,
        insecure=False,
        cert=None,
        key=None,
        sign=False,
        timeout_s=None,
        retries=0,
        as_json=False,
        show=False,
        dry_run=False,
        output_request=None,
    )

    assert registry_client(config, options).config.transport.max_retries == 0


async def test_a_large_document_is_retrieved_as_it_is(run: Run, mock: Peer, tmp_path: Path) -> None:
    """One that does not stay in memory, asked for twice: two files, each readable by whom a new file is."""
    content = bytes(range(256)) * 4096
    async with IheClient(mock.url) as ihe:
        await ihe.register(ADA)
        (name,) = (await ihe.provide(content, patient_id=ADA_ID)).document_ids
    (tmp_path / "usual").touch()

    result = await run("retrieve", name, name, "--output", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    files = list((tmp_path / "out").iterdir())
    assert [path.read_bytes() for path in files] == [content] * 2
    assert {path.stat().st_mode for path in files} == {(tmp_path / "usual").stat().st_mode}
    assert {path.stat().st_nlink for path in files} == {1}


async def test_a_large_document_crosses_from_one_file_system_to_another(
    run: Run, mock: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is copied, where it cannot just be named anew."""

    def refused(_path: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    content = bytes(range(256)) * 4096
    async with IheClient(mock.url) as ihe:
        await ihe.register(ADA)
        (name,) = (await ihe.provide(content, patient_id=ADA_ID)).document_ids

    result = await run("retrieve", name, "--output", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == content
