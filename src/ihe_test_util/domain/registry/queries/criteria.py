"""What a stored query asks for: its parameters as values, read from whatever message brought them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from ihe_test_util.domain.xds.metadata import Code

V = TypeVar("V")

#: The slots of one parameter, all of which shall be met, each by any of its values (ITI TF-2: 3.18.4.1.2.3.5).
Groups: TypeAlias = tuple[tuple[V, ...], ...]

#: What a registry without metadata update shows (XDS Metadata Update: 3.18.4.1.2.3.5.1.1).
FIRST_LEVEL: Final = 1
ALL_VERSIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Criteria:
    """The parameters of one stored query; texts and times stand in ``texts``, coded values in ``codes``."""

    texts: Mapping[str, Groups[str]] = field(default_factory=dict)
    codes: Mapping[str, Groups[Code]] = field(default_factory=dict)
    level: int = FIRST_LEVEL

    def text(self, name: str) -> str:
        """The value of a parameter that has one; empty where it is not given."""
        groups = self.texts.get(name)
        return groups[0][0] if groups and groups[0] else ""

    def any_of(self, name: str) -> tuple[str, ...]:
        """The values of a parameter of which any will do."""
        return tuple(value for group in self.texts.get(name, ()) for value in group)
