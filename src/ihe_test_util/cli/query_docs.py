"""The tables of ``docs/stored-queries.md``, made from the catalogue of stored queries.

``python -m ihe_test_util.cli.query_docs docs/stored-queries.md`` writes them into the page, between its markers; a test
keeps page and catalogue the same.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ihe_test_util.domain.registry.queries.catalogue import STORED_QUERIES, StoredQuery
from ihe_test_util.domain.registry.queries.parameters import Form, Parameter
from ihe_test_util.settings.tables import table, with_sections, write_sections

_FORMS: Final[Mapping[Form, str]] = {
    Form.TEXT: "`'text'`",
    Form.TEXTS: "`('text','text')`",
    Form.CODES: "`('code^^scheme')`",
    Form.TIME: "DTM",
    Form.NUMBER: "number",
}


def with_queries(page: str) -> str:
    """The page with its generated sections written afresh.

    Raises:
        KeyError: a marker whose name stands for no section.
    """
    return with_sections(page, _SECTIONS)


def _overview() -> str:
    return table(
        ("Query", "Command", "Id", "Section", "Finds"),
        ((one.title, f"`query {one.name}`", f"`{one.id}`", one.section, one.says) for one in STORED_QUERIES),
    )


def _parameters() -> str:
    return "\n".join(_of(query) for query in STORED_QUERIES)


def _of(query: StoredQuery) -> str:
    rows = (
        (f"`{one.name}`", f"`--{option}`", _FORMS[one.form], ", ".join(_remarks(query, one)), one.says)
        for option, one in query.options().items()
    )
    head = ("Parameter", "Option", "Written as", "Given", "Meaning")
    return f"### {query.title}\n\n{table(head, rows)}"


def _remarks(query: StoredQuery, parameter: Parameter) -> Iterator[str]:
    if parameter.required:
        yield "always"
    for choice in query.choices:
        if parameter.name in choice:
            yield "one of these"
    if parameter.name in query.selective:
        yield "one of these at least"
    for exclusion in query.exclusions:
        if parameter.name in exclusion:
            other = next(name for name in exclusion if name != parameter.name)
            yield f"not with `{other}`"
    if parameter.conjunctive:
        yield "several slots: all of them"


_SECTIONS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"queries": _overview, "parameters": _parameters})

if __name__ == "__main__":
    write_sections(sys.argv[1:], _SECTIONS)
