"""Identifiers for patients whose file gives none: ``TEST-`` and a UUID (RFC 9562)."""

import hashlib
import uuid
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

PREFIX: Final = "TEST-"
_SEPARATOR: Final = "\x1f"
#: A hex digit with its two upper bits set to those of RFC 9562.
_VARIANTS: Final = MappingProxyType({f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)})


class PatientIds:
    """Makes identifiers: random ones without a seed, else UUIDs of version 5 that seed and person decide.

    With a seed, the namespace is the UUIDv5 of ``ihe-test-util seed N`` under the namespace of OIDs, and the name is
    the person's data; so the other rows of a file do not matter, nor their order.
    """

    def __init__(self, seed: int | None) -> None:
        namespace = None if seed is None else uuid.uuid5(uuid.NAMESPACE_OID, f"ihe-test-util seed {seed}")
        self._beginning = None if namespace is None else hashlib.sha1(namespace.bytes, usedforsecurity=False)

    def make(self, person: Sequence[str], *, twin_row: int = 0) -> str:
        """The identifier of a person; ``twin_row`` tells those apart whose data are the same as somebody else's."""
        if self._beginning is None:
            return f"{PREFIX}{uuid.uuid4()}"
        digest = self._beginning.copy()
        digest.update(_SEPARATOR.join((*person, str(twin_row)) if twin_row else person).encode())
        # uuid.uuid5 does the same, at five times the cost.
        number = digest.hexdigest()
        variant = _VARIANTS[number[16]]
        return f"{PREFIX}{number[:8]}-{number[8:12]}-5{number[13:16]}-{variant}{number[17:20]}-{number[20:32]}"
