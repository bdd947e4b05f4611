"""Which identifiers have been seen, in bounded memory."""

from array import array
from collections.abc import Hashable
from typing import Final

_FIRST_SLOTS: Final = 1 << 12
_GROWTH: Final = 4
#: 4 million slots of 12 bytes: 50 MB at the very most, and room for 2.5 million identifiers.
MAX_SLOTS: Final = 1 << 22
_FULLEST: Final = 0.6
_MASK: Final = (1 << 64) - 1


class SeenIds:
    """The row in which each key came first, by 64-bit fingerprints in an open-addressed table that grows to a limit.

    Two of three million different keys share a fingerprint with a chance of one in four million. When the table is
    full, further keys are still compared with those in it, but are not remembered; ``full`` says so, and
    ``count`` how many they are.
    """

    def __init__(self, max_slots: int = MAX_SLOTS) -> None:
        self.full = False
        self._max_slots = max_slots
        self.count = 0
        self._allocate(min(_FIRST_SLOTS, max_slots))

    def first(self, key: Hashable, row: int) -> int:
        """The row in which the key came first, this one where it is new; 0 where that can no longer be known."""
        fingerprint = hash(key) & _MASK or 1  # 0 marks a free slot
        slot = fingerprint & self._mask
        keys = self._keys
        while found := keys[slot]:
            if found == fingerprint:
                return self._rows[slot]
            slot = (slot + 1) & self._mask
        if self.full:
            return 0
        keys[slot] = fingerprint
        self._rows[slot] = row
        self.count += 1
        if self.count > self._most:
            self._grow()
        return row

    def _allocate(self, slots: int) -> None:
        self._mask = slots - 1
        self._most = int(slots * _FULLEST)
        self._keys = array("Q", [0]) * slots
        self._rows = array("I", [0]) * slots

    def _grow(self) -> None:
        slots = len(self._keys)
        if slots * _GROWTH > self._max_slots:
            self.full = True
            return
        keys, rows = self._keys, self._rows
        self._allocate(slots * _GROWTH)
        new_keys, new_rows, mask = self._keys, self._rows, self._mask
        for fingerprint, row in zip(keys, rows, strict=True):
            if fingerprint:
                slot = fingerprint & mask
                while new_keys[slot]:
                    slot = (slot + 1) & mask
                new_keys[slot] = fingerprint
                new_rows[slot] = row
