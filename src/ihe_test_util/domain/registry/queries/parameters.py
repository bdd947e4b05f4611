"""The parameters of stored queries: what each is called, how it is written, and what it means."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from ihe_test_util.domain.registry.queries import names
from ihe_test_util.xml.ebrim import urns

#: Short words for the URNs that a parameter takes, for people.
Vocabulary: TypeAlias = tuple[tuple[str, str], ...]

STATUSES: Final[Vocabulary] = (("approved", urns.APPROVED), ("deprecated", urns.DEPRECATED))
ENTRY_TYPES: Final[Vocabulary] = (("stable", urns.STABLE_DOCUMENT), ("on-demand", urns.ON_DEMAND_DOCUMENT))
AVAILABILITIES: Final[Vocabulary] = (("online", urns.ONLINE), ("offline", urns.OFFLINE))
ASSOCIATION_TYPES: Final[Vocabulary] = (
    ("HasMember", urns.HAS_MEMBER),
    ("RPLC", urns.REPLACES),
    ("APND", urns.APPENDS),
    ("XFRM", urns.TRANSFORMS),
    ("XFRM_RPLC", urns.TRANSFORMS_AND_REPLACES),
    ("signs", urns.SIGNS),
    ("IsSnapshotOf", urns.IS_SNAPSHOT_OF),
)
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Form(StrEnum):
    """How the values of a parameter are written (ITI TF-2: 3.18.4.1.2.3.3 to 3.18.4.1.2.3.5)."""

    TEXT = "text"  # 'one'
    TEXTS = "list of texts"  # ('one','another')
    CODES = "list of codes"  # ('code^^scheme','code^^scheme')
    TIME = "DTM"  # 20240229
    NUMBER = "number"  # 2


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a stored query.

    ``conjunctive``: given several times, each shall be met. ``closed``: values other than those of the vocabulary
    are not understood, and ignored as if they were not there (ITI TF-2: 3.18.4.1.2.3.6).
    """

    name: str
    form: Form
    says: str
    required: bool = False
    conjunctive: bool = False
    vocabulary: Vocabulary = ()
    closed: bool = False

    @property
    def listed(self) -> bool:
        """Whether it takes several values."""
        return self.form in (Form.TEXTS, Form.CODES)

    @property
    def short(self) -> str:
        """The name without the object that it is about, in words: ``patient-id``."""
        return _kebab(re.sub(r"^XDS(DocumentEntry|SubmissionSet|Folder)(?=.)", "", self.name[1:]))

    @property
    def long(self) -> str:
        """The whole name in words: ``document-entry-patient-id``."""
        return _kebab(self.name[1:])

    def needed(self) -> "Parameter":
        """The same parameter where it is required."""
        return replace(self, required=True)

    def excluding(self) -> "Parameter":
        """The parameter for what is not wanted (CP-ITI-1323)."""
        return replace(self, name=self.name + names.EXCLUDE, says=f"not these: {self.says}", required=False)


def _kebab(name: str) -> str:
    return "-".join(_WORDS.split(name.removeprefix("XDS"))).lower()


def text(name: str, says: str) -> Parameter:
    """One text."""
    return Parameter(name, Form.TEXT, says)


def texts(name: str, says: str, vocabulary: Vocabulary = (), *, conjunctive: bool = False) -> Parameter:
    """Any of several texts."""
    return Parameter(name, Form.TEXTS, says, vocabulary=vocabulary, conjunctive=conjunctive)


def codes(name: str, says: str, *, conjunctive: bool = False) -> Parameter:
    """Any of several codes."""
    return Parameter(name, Form.CODES, says, conjunctive=conjunctive)


def status(name: str, says: str) -> Parameter:
    """States of objects."""
    return Parameter(name, Form.TEXTS, says, vocabulary=STATUSES, closed=True)


def between(name: str, says: str) -> tuple[Parameter, Parameter]:
    """Both ends of a range of time."""
    return (
        Parameter(name + names.FROM, Form.TIME, f"{says}, from this on"),
        Parameter(name + names.TO, Form.TIME, f"{says}, before this"),
    )
