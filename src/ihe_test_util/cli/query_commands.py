"""``ihe-test-util query``: a command for each stored query of the catalogue (ITI-18)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from ihe_test_util.cli.query_output import found_data, found_text
from ihe_test_util.cli.send_messages import Sendable
from ihe_test_util.cli.send_options import SendOptions, sending
from ihe_test_util.cli.send_running import Ask, Result, run_send
from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.catalogue import STORED_QUERIES, StoredQuery
from ihe_test_util.domain.registry.queries.parameters import Form, Parameter
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions import iti18

_Command = Callable[..., None]
#: Separates the values of an option of which any will do.
_OR: Final = "|"
#: A date, or a point in time in UTC, as ISO 8601 has them; registries take the digits.
_ISO: Final = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2})?)?Z?)?)?)?", re.ASCII)
_APPROVED: Final = "approved"
_METAVARS: Final[Mapping[Form, str]] = {
    Form.TEXT: "TEXT",
    Form.TEXTS: "TEXT",
    Form.CODES: "CODE^^SCHEME",
    Form.TIME: "DTM",
    Form.NUMBER: "N",
}
#: Errors to expect: of every query, of those of one patient, and of those by ids.
_REFUSED: Final = "the connection was refused      start the mock: ihe-test-util mock start -b; or name another --url"
_UNKNOWN_PATIENT: Final = (
    "XDSUnknownPatientId             a strict registry does not know the patient; a lenient one finds nothing"
)
_SEVERAL_PATIENTS: Final = "XDSResultNotSinglePatient       whole objects of several patients: ask for --references"
#: What each query is asked in the example of its help.
_EXAMPLES: Final[Mapping[str, str]] = {
    names.PATIENT_ID: '--{option} "PAT-1^^^&2.999.1.2&ISO"',
    names.UNIQUE_ID: "--{option} 2.999.4.1",
    names.UUID.removeprefix("$"): "--{option} urn:uuid:00000000-0000-4000-8000-000000000001",
    "Types": "--{option} RPLC",
    "List": '--{option} "order-7^^^&2.999.1.5&ISO^urn:ihe:iti:xds:2013:order"',
    "Title": '--{option} "Discharge%"',
}


class _InOrder(click.Group):
    """Lists its commands in the order of the catalogue."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the stored queries."""
        return list(self.commands)


@click.group("query", cls=_InOrder, no_args_is_help=True)
def query_group() -> None:
    """Ask a document registry: a command for each stored query (ITI-18).

    Exit code 0 when the registry answered, whatever it found, else 1; 130 after Ctrl-C.

    \b
    Examples:
      ihe-test-util query find-documents --patient-id "PAT-1^^^&2.999.1.2&ISO"
      ihe-test-util query find-documents --patient-id "PAT-1^^^&2.999.1.2&ISO" --creation-time-from 2024 --json
      ihe-test-util query get-submission-set-and-contents --unique-id 2.999.4.1
      ihe-test-util send iti-18 query.xml      a query as it stands in a file, right or wrong
    """  # noqa: D301 - click keeps the line breaks of a paragraph that begins with this character


async def _present(response: iti18.StoredQueryResponse, _ask: Ask) -> Result:
    return Result(found_text(response), found_data(response))


def _command(query: StoredQuery) -> click.Command:
    options = query.options()
    keys = {option.replace("-", "_"): option for option in options}

    @sending(iti18.SPEC)
    def asked(*, options: SendOptions, references: bool, home: str, **given: Any) -> None:  # noqa: ANN401 - as click gives them
        def make(_config: object) -> Sendable:
            arguments = list(_arguments(query, {keys[key]: value for key, value in given.items()}))
            returns = iti18.OBJECT_REF if references else iti18.LEAF_CLASS
            return Sendable(iti18.SPEC, iti18.request_for(query, arguments, return_type=returns, home=home))

        run_send(iti18.SPEC, options, make, _present)

    command: _Command = asked
    command = click.option("--home", metavar="URN", default="", help="homeCommunityId to ask, as urn:oid:….")(command)
    command = click.option("--references", is_flag=True, help="Return references (ObjectRef), not whole objects.")(
        command
    )
    for option, parameter in reversed(options.items()):
        command = _option(query, option, parameter)(command)
    return click.command(query.name, help=_help(query), short_help=query.says)(command)


def _option(query: StoredQuery, option: str, parameter: Parameter) -> Callable[[_Command], _Command]:
    choices = next((choice for choice in query.choices if parameter.name in choice), ())
    status = parameter.required and parameter.closed
    remarks = [", ".join(word for word, _ in parameter.vocabulary)] if parameter.vocabulary else []
    if parameter.conjunctive:
        remarks.append("given again: both")
    if choices:
        remarks.append("one of these is required")
    if parameter.name in query.selective:
        remarks.append("one of these at least is required")
    says = parameter.says + (f" ({'; '.join(remarks)})" if remarks else "")
    default = f"  [default: {_APPROVED}]" if status else ""
    # To click even None is a default, with which nothing that is required is missing.
    usual: dict[str, Any] = {"default": (_APPROVED,)} if status else {}
    return click.option(
        f"--{option}",
        multiple=parameter.listed,
        required=parameter.required and not status,
        **usual,
        metavar=_metavar(parameter),
        help=f"{says}.{default}",
    )


def _metavar(parameter: Parameter) -> str:
    if parameter.name in names.PATIENT_IDS:
        return "CX"
    if parameter.vocabulary:
        return "WORD|URN"
    return _METAVARS[parameter.form]


def _arguments(query: StoredQuery, given: Mapping[str, Any]) -> Iterator[tuple[Parameter, tuple[str, ...]]]:
    """The slots that options make; of a parameter on several values one for each time that it was given."""
    known = query.options()
    for choice in query.choices:
        used = [f"--{option}" for option, parameter in known.items() if parameter.name in choice and given[option]]
        if len(used) != 1:
            wanted = [f"--{option}" for option, parameter in known.items() if parameter.name in choice]
            raise BadInput(
                f"{query.title} is asked by one of its ids",
                got=" and ".join(used) or "none",
                expected=" or ".join(wanted),
            )
    for option, parameter in known.items():
        values = given[option]
        if not values:
            continue
        groups = (
            [_meant(parameter, one.split(_OR)) for one in values] if parameter.listed else [_one(parameter, values)]
        )
        if parameter.listed and not parameter.conjunctive:
            groups = [tuple(value for group in groups for value in group)]
        for group in groups:
            yield parameter, group


def _one(parameter: Parameter, value: str) -> tuple[str, ...]:
    if parameter.form is Form.TIME and _ISO.fullmatch(value):
        return ("".join(character for character in value if character.isdigit()),)
    return (value,)


def _meant(parameter: Parameter, values: Sequence[str]) -> tuple[str, ...]:
    words = {word.lower(): urn for word, urn in parameter.vocabulary}
    return tuple(words.get(value.strip().lower(), value.strip()) for value in values)


def _help(query: StoredQuery) -> str:
    needed = [option for option, parameter in query.options().items() if parameter.required and not parameter.closed]
    if query.choices:
        needed.insert(0, next(o for o, p in query.options().items() if p.name == query.choices[0][1]))
    if query.selective:
        needed.insert(0, next(o for o, p in query.options().items() if p.name == query.selective[0]))
    arguments = " ".join(_example(option, query.options()[option]) for option in needed)
    errors = [_REFUSED]
    errors += [_UNKNOWN_PATIENT] if query.patient else []
    errors += [_SEVERAL_PATIENTS] if query.single_patient else []
    told = "\n  ".join(errors)
    if arguments and not query.patient and query.selective:
        arguments = arguments.replace("&ISO", "&ISO|PAT-2^^^&2.999.1.2&ISO")
    return f"""{query.says}

{query.title}, {query.section}. Options may be given again, or hold several values with | between them, for any of
these; % and _ are wildcards where the option says so. A DTM is YYYY[MM[DD[hh[mm[ss]]]]] in UTC, or 2024-02-29.

\b
Examples:
  ihe-test-util query {query.name} {arguments}
  ihe-test-util query {query.name} {arguments} --json

\b
Errors to expect:
  {told}"""


def _example(option: str, parameter: Parameter) -> str:
    found = next(
        (text for end, text in _EXAMPLES.items() if parameter.name.lower().endswith(end.lower())), "--{option} …"
    )
    return found.format(option=option)


for _query in STORED_QUERIES:
    query_group.add_command(_command(_query))
