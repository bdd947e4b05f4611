"""The tables of ``docs/ccd-templates.md``, made from the placeholders, filters and limits.

``python -m ihe_test_util.documents.template_docs docs/ccd-templates.md`` writes them into the page, between its
markers; a test keeps page and code the same.
"""

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ihe_test_util.documents import sandbox, source
from ihe_test_util.documents.placeholders import NEEDS, PLACEHOLDERS, Group
from ihe_test_util.settings.tables import table, with_sections, write_sections

_FILTERS: Final = MappingProxyType(
    {
        "capitalize": ("`{{ city|capitalize }}`", "first letter upper case, the rest lower"),
        "count": ("`{{ mrn|count }}`", "another name of `length`"),
        "d": ("`{{ mrn|d('none', true) }}`", "another name of `default`"),
        "default": (
            "`{{ mrn|default('none', true) }}`",
            "another value where there is none; `true` also where it is empty",
        ),
        "digits": ("`{{ phone|digits }}`", "its digits alone"),
        "e": ("`{{ city|e }}`", "does nothing: every value is escaped when it is written"),
        "escape": ("`{{ city|escape }}`", "the same"),
        "int": ("`{{ zip|int }}`", "a number, 0 where it is none"),
        "iso_date": ("`{{ creation_date|iso_date }}`", "20260112 as 2026-01-12, for people to read"),
        "join": ("`{{ [city, state]|join(', ') }}`", "the items of a list as one text"),
        "length": ("`{{ mrn|length }}`", "how many characters, or items"),
        "lower": ("`{{ last_name|lower }}`", "lower case"),
        "replace": ("`{{ ssn|replace('-', '') }}`", "a text in place of another"),
        "string": ("`{{ age|string }}`", "a number as text"),
        "title": ("`{{ last_name|title }}`", "each word with an upper case letter"),
        "trim": ("`{{ address|trim }}`", "without blanks around it"),
        "truncate": ("`{{ address|truncate(20) }}`", "at most so many characters, with … where some are left out"),
        "upper": ("`{{ last_name|upper }}`", "upper case"),
    }
)


def with_tables(page: str) -> str:
    """The page with its generated sections written afresh.

    Raises:
        KeyError: a marker whose name stands for no section, or a filter that nobody has described.
    """
    return with_sections(page, _SECTIONS)


def _placeholders() -> str:
    return "\n".join(
        f"### {group.value}\n\n"
        + table(
            ("Placeholder", "Value", "May be empty"),
            (
                (f"`{{{{ {one.call or one.name} }}}}`", one.meaning, "yes" if one.optional else "")
                for one in PLACEHOLDERS.values()
                if one.group is group
            ),
        )
        for group in Group
    )


def _filters() -> str:
    return table(("Filter", "Example", "Gives"), ((f"`{name}`", *_FILTERS[name]) for name in sorted(sandbox.FILTERS)))


def _needs() -> str:
    return table(
        ("Missing", "Any of these says it", "Why it matters"),
        ((one.what, ", ".join(f"`{name}`" for name in one.names), one.why) for one in NEEDS),
    )


def _limits() -> str:
    return table(
        ("Limit", "Of one document"),
        (
            ("turns of all loops and calls of macros together", f"{sandbox.MAX_STEPS:,}"),
            ("seconds spent in loops and macros", f"{sandbox.MAX_SECONDS:,}"),
            ("numbers in one `range`", f"{sandbox.MAX_RANGE:,}"),
            ("characters written", f"{sandbox.MAX_CHARACTERS:,}"),
            ("characters in one joined text", f"{sandbox.MAX_VALUE_CHARACTERS:,}"),
            ("size of the template", f"{source.MAX_TEMPLATE_BYTES // 1024**2} MiB"),
        ),
    )


_SECTIONS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "placeholders": _placeholders,
        "filters": _filters,
        "needs": _needs,
        "limits": _limits,
    }
)

if __name__ == "__main__":
    write_sections(sys.argv[1:], _SECTIONS)
