"""A room a transaction, and the one table that lists them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ihe_test_util.transactions import iti41, iti43, iti86, pix_add
from ihe_test_util.transactions.card import AnyTransaction

TRANSACTIONS: Final[tuple[AnyTransaction, ...]] = (pix_add.SPEC, iti41.SPEC, iti43.SPEC, iti86.SPEC)

BY_NAME: Final[Mapping[str, AnyTransaction]] = MappingProxyType({card.name: card for card in TRANSACTIONS})
BY_ACTION: Final[Mapping[str, AnyTransaction]] = MappingProxyType({card.action: card for card in TRANSACTIONS})
