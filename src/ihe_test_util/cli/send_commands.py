"""``ihe-test-util send``: one message to one endpoint; a command for each row of the table of transactions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from ihe_test_util.cli.send_messages import Sendable, from_file, patient_message, submission
from ihe_test_util.cli.send_options import SendOptions, sending
from ihe_test_util.cli.send_running import new_uuid, now, registry_client, run_send
from ihe_test_util.client.urls import default_url, url_variable
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.inline import KEYS
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS

if TYPE_CHECKING:
    from ihe_test_util.client.config import ClientConfig

_NAME_WIDTH: Final = max(len(card.name) for card in TRANSACTIONS) + 2


@click.group("send", invoke_without_command=True)
@click.option("--list", "list_them", is_flag=True, help="List the transactions that can be sent.")
@click.pass_context
def send_group(ctx: click.Context, *, list_them: bool) -> None:
    """Send one message to a server and show its answer.

    Exit code 0 when the server accepted it, else 1; 130 after Ctrl-C. It is sent once, and again after errors that pass
    by themselves only with --retries.

    \b
    Examples:
      ihe-test-util send pix-add examples/pix-add.xml
      ihe-test-util send pix-add --patient "id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna"
      ihe-test-util send iti-41 --document examples/sample-ccd.xml --patient-id "PAT-1^^^&2.999.1.2&ISO"
      ihe-test-util send iti-41 --metadata examples/iti41-metadata.xml --document examples/sample-ccd.xml
      ihe-test-util send --list
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character
    if list_them:
        for card in TRANSACTIONS:
            click.echo(f"{card.name:<{_NAME_WIDTH}}{card.code:<8}{card.title}")
            click.echo(f"{'':<{_NAME_WIDTH + 8}}{card.section}; {default_url(card)}, or ${url_variable(card)}")
    elif ctx.invoked_subcommand is None:
        raise click.exceptions.NoArgsIsHelpError(ctx)


def _file_command(card: AnyTransaction) -> click.Command:
    """The command of a transaction about which nothing else is known: it sends a file."""

    @click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
    @sending(card)
    def command(*, file: Path, options: SendOptions) -> None:
        run_send(card, options, lambda _: from_file(card, file))

    text = _help(card, f"  ihe-test-util send {card.name} examples/messages/{card.name}.xml")
    return click.command(card.name, help=text, short_help=f"{card.code} {card.title}, from a file.")(command)


def _pix_add(card: AnyTransaction) -> click.Command:
    @click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
    @click.option("--patient", "patient", multiple=True, metavar="PAIRS", help="The patient, in place of a FILE.")
    @click.option(
        "--sender", metavar="OID", help="Device OID of the sender, with --patient.  [default: identifiers.sender_oid]"
    )
    @click.option("--receiver", metavar="OID", help="Device OID of the receiver.  [default: identifiers.receiver_oid]")
    @sending(card)
    def command(
        *, file: Path | None, patient: tuple[str, ...], sender: str | None, receiver: str | None, options: SendOptions
    ) -> None:
        def make(config: "ClientConfig") -> Sendable:
            if (file is None) == (not patient):
                raise BadInput("give either a FILE or --patient", hint='--patient "id=PAT-1^^^&2.999.1.2&ISO, …"')
            if file is not None:
                return from_file(card, file)
            return patient_message(patient, sender, receiver, config.identifiers, now=now(), new_uuid=new_uuid)

        run_send(card, options, make)

    keys = "\n".join(f"  {key:<10}{meaning}" for key, meaning in KEYS.items())
    text = f"""Register a patient: send a PRPA_IN201301UV02 message.

FILE holds the message, bare or in a SOAP envelope, whose Body is then sent in an envelope of ours; - is standard input.
In its place --patient makes a message from key=value pairs between commas or semicolons; it may be repeated. Values
with commas stand in double quotes. Quote the whole for the shell.

\b
Keys of --patient:
{keys}"""
    examples = """  ihe-test-util send pix-add examples/pix-add.xml
  ihe-test-util send pix-add --patient "id=PAT-1^^^&2.999.1.2&ISO, family=Müller, given=Anna,
                                        birth=1980-02-29, gender=F"
  ihe-test-util send pix-add message.xml --url https://pix.example.org/pix --ca ca.pem"""
    return click.command(card.name, help=_help(card, examples, text))(command)


def _iti_41(card: AnyTransaction) -> click.Command:
    @click.option("--metadata", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="The metadata.")
    @click.option("--document", "documents", multiple=True, metavar="[ID=]FILE", help="A document; may be repeated.")
    @click.option("--patient-id", metavar="CX", help="Whose documents these are, in place of --metadata.")
    @click.option("--source-patient-id", metavar="CX", help="The patient's id at the source.  [default: --patient-id]")
    @click.option("--source-id", metavar="OID", help="OID of the document source.  [default: identifiers.source_oid]")
    @click.option("--unique-id", metavar="OID", help="uniqueId of the one document.  [default: a new one]")
    @click.option(
        "--replace",
        metavar="DOCUMENT_ID",
        help="The document that the one document replaces: entryUUID, or a uniqueId that the registry knows.",
    )
    @click.option("--title", help="Title of the documents.  [default: the file's name]")
    @click.option("--mime-type", help="Media type of the documents.  [default: by the file's content and name]")
    @sending(card)
    def command(*, options: SendOptions, **values: Any) -> None:  # noqa: ANN401 - as click gives them
        def make(config: "ClientConfig") -> Sendable:
            replaced = values.pop("replace")
            return submission(
                card,
                config,
                now=now(),
                new_uuid=new_uuid,
                replaces=_entry_uuid(replaced, config, options) if replaced else None,
                **values,
            )

        run_send(card, options, make)

    text = """Provide and register documents, with their metadata, to a document repository.

--metadata holds a ProvideAndRegisterDocumentSetRequest or an lcm:SubmitObjectsRequest, bare or in a SOAP envelope; -
is standard input. The documents belong to its entries in their order, or to the one named: --document
Document01=report.pdf. Without --document, those that stand in the file as base64 are sent.

Without --metadata, each document gets an entry with everything that a strict repository demands: the codes, language
and author of the configuration (by default those of a C-CDA summary: class Summaries, LOINC 34133-9, C-CDA R2.1
structured body, hospital, general medicine, confidentiality normal, en-US, no author), hash, size, creation time now,
and unique ids under the UUID arc 2.25. --dry-run shows a metadata file to begin with."""
    examples = """  ihe-test-util send iti-41 --document examples/sample-ccd.xml --patient-id "PAT-1^^^&2.999.1.2&ISO"
  ihe-test-util send iti-41 --metadata examples/iti41-metadata.xml --document examples/sample-ccd.xml
  ihe-test-util send iti-41 --document second.pdf --patient-id … --replace 2.999.5.1
  ihe-test-util send iti-41 --document report.pdf --patient-id … --dry-run --output-request request.bin"""
    short = "Provide and register documents, with their metadata."
    return click.command(card.name, help=_help(card, examples, text), short_help=short)(command)


def _entry_uuid(document: str, config: "ClientConfig", options: SendOptions) -> str:
    """The entryUUID of a document; the registry is asked for that of a uniqueId."""
    from ihe_test_util.runtime.event_loop import run  # noqa: PLC0415 - heavy

    async def look_up() -> str:
        async with registry_client(config, options) as ihe:
            return await ihe.entry_uuid(document)

    return run(look_up())


def _help(card: AnyTransaction, examples: str, text: str = "") -> str:
    text = text or f"Send a message of {card.code}, {card.title}, from a FILE; - is standard input."
    errors = f"""  the connection was refused      start the mock: ihe-test-util mock start -b; or name another --url
  the answer is a SOAP fault      its reason says what the server objects to
  no SOAP message came back …     the URL's path is wrong; ihe-test-util mock status names those of the mock
  no answer came within 30 s      --timeout; whether {card.code} took effect is then unknown; --retries sends it again,
                                  with the same ids"""
    return f"{text}\n\n({card.section})\n\n\b\nExamples:\n{examples}\n\n\b\nErrors to expect:\n{errors}"


#: Cards whose command takes more than a file.
_SPECIAL: Final[Mapping[str, Callable[[AnyTransaction], click.Command]]] = MappingProxyType(
    {"pix-add": _pix_add, "iti-41": _iti_41}
)
for _card in TRANSACTIONS:
    send_group.add_command(_SPECIAL.get(_card.name, _file_command)(_card))
