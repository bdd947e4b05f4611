"""``ihe-test-util query`` against the mock server, over a real socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import click
import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.query_commands import query_group
from ihe_test_util.cli.query_output import described, found_text
from ihe_test_util.domain.registry.queries.catalogue import STORED_QUERIES, StoredQuery
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions.iti18 import StoredQueryResponse
from ihe_test_util.transactions.xds.response import RegistryError
from ihe_test_util.xml.ebrim import ObjectRef, urns
from tests.support.messages import PATIENT_ID, submission
from tests.support.peer import Peer
from tests.support.registry_objects import SCHEME, author, code, document, folder, link, submission_set
from tests.support.wire import ITI41_PATH

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def run(mock: Peer) -> Run:
    """Runs a query in a thread, for it has a loop of its own, against a mock that holds two documents."""
    package = submission(("2.999.18.1", b"one"), ("2.999.18.2", b"two"), set_id="2.999.18")
    await mock.post(ITI41_PATH, package.body, package.content_type)

    async def invoke(*arguments: str) -> Result:
        url = {"IHE_TEST_ITI18_URL": f"{mock.url}/iti18/query"}
        return await asyncio.to_thread(CliRunner().invoke, query_group, arguments, env=url)

    return invoke


async def test_documents_are_found_and_listed(run: Run) -> None:
    """A table with a line for each, for people; exit code 0."""
    result = await run("find-documents", "--patient-id", PATIENT_ID)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "Document entries: 2"
    assert lines[1].split() == ["Created", "Title", "Type", "Status", "uniqueId", "entryUUID"]
    assert ["2.999.18.1" in lines[2], "2.999.18.2" in lines[3]] == [True, True]


async def test_json_holds_what_was_found(run: Run) -> None:
    """Objects with their attributes by name, for programs."""
    result = await run("find-documents", "--patient-id", PATIENT_ID, "--json")

    told = json.loads(result.stdout)
    assert (told["success"], told["transaction"]) == (True, "ITI-18")
    objects = told["result"]["objects"]
    assert [one["unique_id"] for one in objects] == ["2.999.18.1", "2.999.18.2"]
    assert {one["kind"] for one in objects} == {"DocumentEntry"}
    assert (objects[0]["patient_id"], objects[0]["status"]) == (PATIENT_ID, urns.APPROVED)
    assert objects[0]["class_code"]["code"]


async def test_references_lead_to_objects(run: Run) -> None:
    """What --references gives is what get-documents takes, several in one option or in several."""
    found = json.loads((await run("find-documents", "--patient-id", PATIENT_ID, "--references", "--json")).stdout)
    one, other = (each["entry_uuid"] for each in found["result"]["objects"])

    together = await run("get-documents", "--entry-uuid", f"{one}|{other}")
    apart = await run("get-documents", "--entry-uuid", one, "--entry-uuid", other)

    assert together.stdout == apart.stdout
    assert together.stdout.startswith("Document entries: 2")


async def test_nothing_found_is_said(run: Run) -> None:
    """And is no failure."""
    result = await run("find-folders", "--patient-id", PATIENT_ID, "--status", "approved", "--status", "deprecated")

    assert (result.exit_code, result.stdout.strip()) == (0, "Nothing was found.")


async def test_a_refusal_is_told_in_the_registrys_words(run: Run) -> None:
    """Exit code 1, with the code that the framework has for it."""
    result = await run("find-documents", "--patient-id", PATIENT_ID, "--class-code", "no-scheme")

    assert result.exit_code == 1
    assert "XDSRegistryError" in result.stdout
    assert "no-scheme" in result.stdout


@pytest.mark.parametrize("ids", [[], ["--entry-uuid", "urn:uuid:1", "--unique-id", "2.999.1"]])
async def test_exactly_one_id_is_given(run: Run, ids: list[str]) -> None:
    """Before anything is sent."""
    result = await run("get-documents", *ids)

    assert isinstance(result.exception, BadInput)
    assert result.exception.expected == "--entry-uuid or --unique-id or --logical-id"


async def test_a_query_may_be_looked_at_before_it_is_sent(run: Run) -> None:
    """Given again is AND where the framework has AND, | is OR; words stand for URNs."""
    options = [
        "--event-code-list",
        f"A^^{SCHEME}|B^^{SCHEME}",
        "--event-code-list",
        f"C^^{SCHEME}",
        "--type",
        "On-Demand",
    ]
    result = await run("find-documents", "--patient-id", PATIENT_ID, *options, "--dry-run")

    assert result.exit_code == 0
    assert result.stdout.count('name="$XDSDocumentEntryEventCodeList"') == 2
    assert f"('A^^{SCHEME}','B^^{SCHEME}')" in result.stdout
    assert f"('{urns.ON_DEMAND_DOCUMENT}')" in result.stdout


async def test_times_may_be_written_as_people_do(run: Run) -> None:
    """A date of ISO 8601 is sent as a DTM; what is no time at all is for the registry to refuse."""
    query = ["find-documents", "--patient-id", PATIENT_ID, "--creation-time-from"]

    told = (await run(*query, "2024-02-29", "--dry-run")).stdout
    to_the_second = (await run(*query, "2024-02-29T15:30:01Z", "--dry-run")).stdout
    refused = await run(*query, "yesterday")

    assert ">20240229<" in told
    assert ">20240229153001<" in to_the_second
    assert "RSQ-09" in refused.stdout


@pytest.mark.parametrize("query", STORED_QUERIES, ids=lambda query: query.name)
def test_every_stored_query_has_a_command(query: StoredQuery) -> None:
    """With an option for each parameter, an example and its section."""
    told = CliRunner().invoke(query_group, [query.name, "--help"], terminal_width=200).stdout

    assert [option for option in query.options() if f"  --{option} " not in told] == []
    assert query.section.split()[-1] in told
    assert f"ihe-test-util query {query.name} --" in told


@pytest.mark.parametrize(
    ("query", "told", "not_told"),
    [
        ("find-documents", ["XDSUnknownPatientId"], ["XDSResultNotSinglePatient"]),
        ("get-documents", ["XDSResultNotSinglePatient"], ["XDSUnknownPatientId"]),
        (
            "find-documents-for-multiple-patients",
            ["PAT-1^^^&2.999.1.2&ISO|PAT-2^^^&2.999.1.2&ISO", "one of these at least is required"],
            ["XDSUnknownPatientId", "XDSResultNotSinglePatient"],
        ),
    ],
)
def test_the_help_tells_the_errors_that_a_query_may_meet(query: str, told: list[str], not_told: list[str]) -> None:
    """Who asks for several patients is shown how, and no error that only other queries have."""
    shown = CliRunner().invoke(query_group, [query, "--help"], terminal_width=200).stdout

    assert all(one in shown for one in told)
    assert not any(one in shown for one in not_told)


def test_every_kind_of_object_is_shown() -> None:
    """A table for each kind, after what the registry warns of."""
    one, kept, sent = document(1, title="Brief"), folder(2), submission_set(3)
    response = StoredQueryResponse(
        urns.SUCCESS,
        (one.source, kept.source, sent.source, link(4, urns.REPLACES, one, one).source, ObjectRef("urn:uuid:5")),
        (RegistryError("XDSRegistryError", "odd", urns.SEVERITY_WARNING),),
    )

    told = found_text(response)

    assert [line for line in told.splitlines() if ": " in line] == [
        "\x1b[33mWarning:\x1b[0m XDSRegistryError: odd (Warning)",
        "\x1b[1mDocument entries: 1\x1b[0m",
        "\x1b[1mSubmission sets: 1\x1b[0m",
        "\x1b[1mFolders: 1\x1b[0m",
        "\x1b[1mAssociations: 1\x1b[0m",
        "\x1b[1mReferences: 1\x1b[0m",
    ]
    assert "RPLC" in told


def test_on_a_terminal_a_table_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, and nothing is left out."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    one = document(1, title="A title that is rather long for a terminal of sixty columns")

    told = found_text(StoredQueryResponse(urns.SUCCESS, (one.source,)))

    plain = click.unstyle(told).splitlines()
    assert max(map(len, plain)) <= 60
    assert len(plain) > 3
    assert "terminal" in told


def test_objects_are_described_by_their_attributes() -> None:
    """Codes, authors, and the patient."""
    entry = described(document(1, code(urns.ENTRY_EVENT_CODE, "A"), author(urns.ENTRY_AUTHOR, "1^Ford")).source)
    kept = described(folder(2, code(urns.FOLDER_CODE, "F")).source)

    assert entry["event_codes"] == [{"code": "A", "scheme": SCHEME, "display": "A"}]
    assert (kept["kind"], kept["codes"]) == ("Folder", [{"code": "F", "scheme": SCHEME, "display": "F"}])
    assert "1^Ford" in str(entry["authors"])


def test_other_objects_are_described_too() -> None:
    """Submission sets, associations, references; what is no object of XDS is not."""
    sent = submission_set(3, code(urns.SET_CONTENT_TYPE_CODE, "S"))
    between = described(link(4, urns.REPLACES, sent, sent).source)

    assert described(sent.source)["content_type_code"] == {"code": "S", "scheme": SCHEME, "display": "S"}
    assert (between["kind"], between["type"], between["source"]) == ("Association", urns.REPLACES, sent.id)
    assert described(ObjectRef("urn:uuid:5", "urn:oid:2.999"))["home"] == "urn:oid:2.999"
    assert described(object()) == {}


@pytest.mark.parametrize("query", [query for query in STORED_QUERIES if query.patient], ids=lambda query: query.name)
def test_a_query_of_a_patient_wants_the_patient(query: StoredQuery) -> None:
    """Nothing is sent without what the query always needs; the option is named."""
    result = CliRunner().invoke(
        query_group, [query.name, "--title", "x"] if "title" in query.options() else [query.name]
    )

    assert result.exit_code == 2
    assert "Missing option" in result.output
