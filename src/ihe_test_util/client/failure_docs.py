"""The tables of causes in ``docs/troubleshooting.md``, made from ``ihe_test_util.failures``.

``python -m ihe_test_util.client.failure_docs docs/troubleshooting.md`` writes them into the page, between its
markers; a test keeps page and code the same.
"""

import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from ihe_test_util.errors import FaultCode
from ihe_test_util.failures import FAILURES, Failure, of_fault, of_status
from ihe_test_util.settings.tables import table, with_sections, write_sections

_FIRST_WITHOUT_SUCCESS: Final = 300


def with_tables(page: str) -> str:
    """The page with its generated sections written afresh.

    Raises:
        KeyError: a marker whose name stands for no section.
    """
    return with_sections(page, _SECTIONS)


def _causes() -> str:
    return table(
        ("Cause", "Category", "If it lasts", "What it is", "What to do"),
        ((f"`{each.cause}`", each.category.value, each.lasting.value, each.title, each.remedy) for each in FAILURES),
    )


def _statuses() -> str:
    """Statuses of HTTP by their cause, for answers without SOAP."""
    found: dict[Failure, list[str]] = {}
    for status in HTTPStatus:
        if status >= _FIRST_WITHOUT_SUCCESS:
            found.setdefault(of_status(status), []).append(str(status.value))
    return table(
        ("HTTP status", "Cause"),
        ((", ".join(found[each]), f"`{each.cause}`") for each in FAILURES if each in found),
    )


def _faults() -> str:
    """Codes of SOAP faults and their causes, where neither subcode nor status of HTTP says more."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return table(
        ("Fault code", "Cause"),
        ((f"`{code.value}`", f"`{of_fault(code.value, '', status).cause}`") for code in FaultCode),
    )


_SECTIONS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {"causes": _causes, "statuses": _statuses, "faults": _faults}
)

if __name__ == "__main__":
    write_sections(sys.argv[1:], _SECTIONS)
