"""The identifiers that a document carries: UUIDs, and OIDs made from them (ITU-T X.667, arc 2.25)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID, uuid5

from ihe_test_util.patients.model import PatientRow

#: Begins every derivation from a seed; a random UUID that means nothing else.
_ROOT: Final = UUID("4e1f0a52-8c0b-4d0e-9c3f-6a7d2f9b1c84")
#: Version 5 and the variant of RFC 9562, and the bits that they leave to the hash.
_NAME_BASED: Final = 0x5 << 76 | 0x8 << 60
_NAME_BASED_MASK: Final = (1 << 128) - 1 & ~(0xF << 76 | 0xC << 60)


@dataclass(frozen=True, slots=True)
class Ids:
    """As many identifiers as one document needs, each under a key; the same key gives the same identifier.

    Whoever keeps ``namespace`` (a UUID) can make the same identifiers again, to send a document a second time.
    """

    namespace: str
    _base: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_base", UUID(self.namespace).bytes)

    @classmethod
    def fresh(cls, new_uuid: Callable[[], str]) -> Self:
        """Identifiers that nobody has used before."""
        return cls(new_uuid())

    @classmethod
    def seeded(cls, seed: int, row: PatientRow, template_digest: str = "") -> Self:
        """The same identifiers for the same seed, patient, line of the file and template."""
        parts = (str(seed), row.patient_id_oid, row.patient_id, str(row.line), template_digest)
        return cls(str(uuid5(_ROOT, "\0".join(parts))))

    def uuid(self, key: str | int) -> str:
        """The UUID under a key, in lower case."""
        digits = f"{self._number(key):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def oid(self, key: str | int) -> str:
        """The UUID under a key as an OID: ``2.25.`` and its number."""
        return f"2.25.{self._number(key)}"

    def _number(self, key: str | int) -> int:
        # What uuid5 of the standard library makes (RFC 9562, 5.5), at a third of the cost: a document has dozens.
        digest = hashlib.sha1(self._base + str(key).encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
        return int.from_bytes(digest[:16]) & _NAME_BASED_MASK | _NAME_BASED
