"""``ihe-test-util pix query``, ``pdq`` and ``retrieve``: what a domain knows of patients, and its documents."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ihe_test_util.cli.find_output import documents_written, identifiers_found, patients_found
from ihe_test_util.cli.send_messages import Sendable
from ihe_test_util.cli.send_options import SendOptions, sending
from ihe_test_util.cli.send_running import Ask, Result, new_uuid, now, registry_client, run_send
from ihe_test_util.domain.patients import NameSought, Patient, Sought
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions import iti43, pdq, pix_query
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrieveRequest, RetrieveResponse
from ihe_test_util.xml.hl7v3 import II, oid_problem, ts, ts_problem

if TYPE_CHECKING:
    from ihe_test_util.client.config import ClientConfig

_CX: Final = "EXTENSION^^^&OID&ISO, as in PAT-1^^^&2.999.1.2&ISO"
_Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def _domains() -> _Decorator:
    return click.option(
        "--domain", "domains", multiple=True, metavar="OID", help="Only identifiers of this domain (may be repeated)."
    )


@click.group("pix", no_args_is_help=True)
def pix_group() -> None:
    """Ask a PIX manager who is who: PIXV3 Query (ITI-45).

    \b
    Examples:
      ihe-test-util pix query "PAT-1^^^&2.999.1.2&ISO"
      ihe-test-util pix query --help
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


@pix_group.command("query", short_help="Show the other identifiers of a patient.")
@click.argument("patient_id")
@_domains()
@sending(pix_query.SPEC)
def query(*, patient_id: str, domains: tuple[str, ...], options: SendOptions) -> None:
    """Show the other identifiers of the patient whose identifier is PATIENT_ID.

    Exit code 0 when the query was answered, also where there are none; 1 when it was refused, as for an identifier
    that nobody knows.

    \b
    Examples:
      ihe-test-util pix query "PAT-1^^^&2.999.1.2&ISO"
      ihe-test-util pix query "PAT-1^^^&2.999.1.2&ISO" --domain 2.999.1.3 --json

    \b
    Errors to expect:
      the connection was refused      start the mock: ihe-test-util mock start -b; or name another --url
      E 204 … is not known            nobody was fed under this identifier, or in this domain (send pix-add)
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character

    def make(config: "ClientConfig") -> Sendable:
        request = pix_query.pix_query_request(
            _identifier("PATIENT_ID", patient_id),
            *_oids("--domain", domains),
            query_id=II(new_uuid()),
            **_envelope(config),
        )
        return Sendable(pix_query.SPEC, request)

    async def present(response: Any, _ask: Ask) -> Result:  # noqa: ANN401 - as run_send hands it on
        return identifiers_found([one for patient in _patients(response) for one in patient.identifiers])

    run_send(pix_query.SPEC, options, make, present)


@click.command("pdq")
@click.option("--family", default="", help="Family name; * stands for any characters.")
@click.option("--given", default="", help="Given name; * stands for any characters.")
@click.option("--gender", type=click.Choice(["M", "F", "UN"], case_sensitive=False), help="Administrative gender.")
@click.option("--birth-date", default="", metavar="DATE", help="YYYY-MM-DD, or YYYY-MM, or YYYY.")
@click.option("--id", "patient_id", default="", metavar="CX", help=f"Identifier: {_CX}.")
@_domains()
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    metavar="N",
    help="Ask for so many at a time, and continue until all are there.",
)
@sending(pdq.SPEC)
def pdq_command(
    *,
    family: str,
    given: str,
    gender: str | None,
    birth_date: str,
    patient_id: str,
    domains: tuple[str, ...],
    at_once: int | None,
    options: SendOptions,
) -> None:
    """Find patients by demographics: Patient Demographics Query (ITI-47).

    Everybody is shown who fits all that is given. Exit code 0 when the query was answered, also where nobody fits;
    1 when it was refused.

    \b
    Examples:
      ihe-test-util pdq --family Rossi
      ihe-test-util pdq --family "Ro*" --birth-date 1980-02-29 --at-once 10
      ihe-test-util pdq --id "PAT-1^^^&2.999.1.2&ISO" --json

    \b
    Errors to expect:
      the connection was refused      start the mock: ihe-test-util mock start -b; or name another --url
      E 204 … is not known            a --domain in which nobody was fed
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    birth = birth_date.replace("-", "")
    query_id = II(new_uuid())

    def make(config: "ClientConfig") -> Sendable:
        known = birth.isascii() and birth.isdecimal() and len(birth) in {4, 6, 8}
        if birth and (not known or ts_problem(birth)):
            raise BadInput("this is no date", where="--birth-date", got=birth_date, expected="YYYY-MM-DD")
        sought = Sought(
            identifiers=(_identifier("--id", patient_id),) if patient_id else (),
            names=(NameSought(family, given),) if family or given else (),
            gender=(gender or "").upper(),
            births=((birth, birth),) if birth else (),
        )
        if sought.is_empty:
            raise BadInput("whom to look for?", expected="--family, --given, --gender, --birth-date or --id")
        request = pdq.pdq_request(
            sought, *_oids("--domain", domains), query_id=query_id, limit=at_once, **_envelope(config)
        )
        return Sendable(pdq.SPEC, request)

    async def present(response: Any, ask: Ask) -> Result:  # noqa: ANN401 - as run_send hands it on
        pieces = pdq.Pieces()
        config = options.configuration(pdq.SPEC)
        while pieces.take(response):
            answered = response.acknowledgement.transmission.message_id
            more = pdq.continuation_request(query_id, answered=answered, quantity=at_once, **_envelope(config))
            response = await ask(pdq.CONTINUE_SPEC, more)
        return patients_found(pieces.patients)

    run_send(pdq.SPEC, options, make, present)


@click.command("retrieve")
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT_ID...")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Where to put them.",
)
@click.option(
    "--repository",
    default="",
    metavar="OID",
    help="repositoryUniqueId; without it, the registry is asked where each is, at IHE_TEST_ITI18_URL.",
)
@sending(iti43.SPEC)
def retrieve(*, documents: tuple[str, ...], output: Path, repository: str, options: SendOptions) -> None:
    """Retrieve documents into files: Retrieve Document Set (ITI-43).

    A DOCUMENT_ID is a uniqueId, or an entryUUID (urn:uuid:...). Files are named by the uniqueId and the media type;
    nothing is overwritten. Exit code 0 when all came; 1 when not, and then none is written.

    \b
    Examples:
      ihe-test-util retrieve 2.999.5.1 --output documents
      ihe-test-util retrieve 2.999.5.1 2.999.5.2 --repository 2.999.1.2 --output documents --json

    \b
    Errors to expect:
      the connection was refused         start the mock: ihe-test-util mock start -b; or name another --url, and
                                         IHE_TEST_ITI18_URL for the registry
      the registry knows no document …   it was not registered there, or removed; query find-documents lists what is
      XDSDocumentUniqueIdError           the repository does not have it
      XDSUnknownRepositoryId             another repository has it: name its --url
      the file is there already          nothing is overwritten; choose another --output
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character

    def make(config: "ClientConfig") -> Sendable:
        return Sendable(iti43.SPEC, RetrieveRequest(_wanted(documents, repository, config, options)))

    async def present(response: RetrieveResponse, _ask: Ask) -> Result:
        return documents_written(response.documents, output)

    run_send(iti43.SPEC, options, make, present)


def _wanted(
    documents: Sequence[str], repository: str, config: "ClientConfig", options: SendOptions
) -> tuple[DocumentRequest, ...]:
    """The documents with their repositories; the registry is asked for what was not given."""
    if repository:
        _oids("--repository", [repository])
        if not any(name.startswith("urn:uuid:") for name in documents):
            return tuple(DocumentRequest(repository, name) for name in documents)
    from ihe_test_util.runtime.event_loop import run  # noqa: PLC0415 - heavy

    async def look_up() -> tuple[DocumentRequest, ...]:
        async with registry_client(config, options) as ihe:
            return await ihe.locate(*documents, repository=repository)

    return run(look_up())


def _patients(response: Any) -> list[Patient]:  # noqa: ANN401 - as run_send hands it on
    return [one.record.patient for one in response.registrations if one.record is not None]


def _envelope(config: "ClientConfig") -> Any:  # noqa: ANN401 - keywords, of several functions
    identifiers = config.identifiers
    return {
        "message_id": new_uuid(),
        "creation_time": ts(now()),
        "sender_oid": identifiers.sender_oid,
        "receiver_oid": identifiers.receiver_oid,
    }


def _identifier(where: str, text: str) -> II:
    found = II.from_cx(text)
    if found is None:
        hint = "" if "&" in text else "quote it: & ends a command in the shell"
        raise BadInput("this is no patient identifier", where=where, got=text, expected=_CX, hint=hint)
    return found


def _oids(where: str, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if problem := oid_problem(value):
            raise BadInput(f"this is no OID: {problem}", where=where, got=value, expected="numbers between dots")
    return values
