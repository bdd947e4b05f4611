"""The table of transactions in ``docs/domain.md``, made from the cards.

``python -m ihe_test_util.cli.domain_docs docs/domain.md`` writes it into the page; a test keeps the two the same.
"""

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ihe_test_util.settings.tables import table, with_sections, write_sections
from ihe_test_util.transactions.card import Mtom
from ihe_test_util.transactions.table import TRANSACTIONS

_MTOM: Final = {Mtom.REQUIRED: "required", Mtom.ALLOWED: "allowed", Mtom.ABSENT: ""}
#: What speaks a transaction beside ``send``, which speaks them all.
_COMMANDS: Final = {
    "pix-add": "submit, pix-add register",
    "pix-query": "pix query",
    "pdq": "pdq",
    "pdq-continue": "pdq --at-once",
    "iti-41": "submit",
    "iti-18": "query",
    "iti-43": "retrieve",
}


def with_tables(page: str) -> str:
    """The page with its generated sections written afresh."""
    return with_sections(page, _SECTIONS)


def _transactions() -> str:
    return table(
        ("Transaction", "What", "Between", "Path", "MTOM", "Rules", "Commands"),
        (
            (
                card.code,
                card.title,
                f"{card.actors[0]} → {card.actors[1]}",
                f"`{card.path}`",
                _MTOM[card.mtom],
                str(len(card.rules)),
                ", ".join(
                    f"`{one}`" for one in (*filter(None, _COMMANDS.get(card.name, "").split(", ")), f"send {card.name}")
                ),
            )
            for card in TRANSACTIONS
        ),
    )


_SECTIONS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"transactions": _transactions})

if __name__ == "__main__":
    write_sections(sys.argv[1:], _SECTIONS)
