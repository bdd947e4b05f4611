"""The one table that lists every transaction; whoever needs one of them alone imports its room, and no other."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ihe_test_util.transactions import (
    iti18,
    iti41,
    iti42,
    iti43,
    iti57,
    iti62,
    iti86,
    iti92,
    pdq,
    pix_add,
    pix_merge,
    pix_query,
    pix_revise,
    xcpd,
)
from ihe_test_util.transactions.card import AnyTransaction

TRANSACTIONS: Final[tuple[AnyTransaction, ...]] = (
    pix_add.SPEC,
    pix_revise.SPEC,
    pix_merge.SPEC,
    pix_query.SPEC,
    pdq.SPEC,
    pdq.CONTINUE_SPEC,
    pdq.CANCEL_SPEC,
    xcpd.SPEC,
    iti41.SPEC,
    iti42.SPEC,
    iti18.SPEC,
    iti43.SPEC,
    iti57.SPEC,
    iti92.SPEC,
    iti62.SPEC,
    iti86.SPEC,
)

BY_NAME: Final[Mapping[str, AnyTransaction]] = MappingProxyType({card.name: card for card in TRANSACTIONS})
BY_ACTION: Final[Mapping[str, AnyTransaction]] = MappingProxyType({card.action: card for card in TRANSACTIONS})
