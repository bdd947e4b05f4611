"""The value sets of an affinity domain: which codes each coded attribute may have (ITI TF-3: 4.2.3.1.2, 4.1)."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ihe_test_util.xml.ebrim import urns

#: The coded attributes by the classification schemes in which they travel (ITI TF-3: 4.2.5.2).
CODED_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        urns.ENTRY_CLASS_CODE: "classCode",
        urns.ENTRY_CONFIDENTIALITY_CODE: "confidentialityCode",
        urns.ENTRY_EVENT_CODE: "eventCodeList",
        urns.ENTRY_FORMAT_CODE: "formatCode",
        urns.ENTRY_FACILITY_TYPE_CODE: "healthcareFacilityTypeCode",
        urns.ENTRY_PRACTICE_SETTING_CODE: "practiceSettingCode",
        urns.ENTRY_TYPE_CODE: "typeCode",
        urns.SET_CONTENT_TYPE_CODE: "contentTypeCode",
        urns.FOLDER_CODE: "folderCodeList",
        urns.ASSOCIATION_DOCUMENTATION: "associationDocumentation",
    }
)
_ALL: Final = "*"
_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes of one attribute: pairs of code and coding scheme, and schemes of which every code will do.

    A scheme ``2.999.*`` is every scheme below that arc of OIDs.
    """

    codes: frozenset[tuple[str, str]] = frozenset()
    schemes: frozenset[str] = frozenset()

    def __contains__(self, code: tuple[str, str]) -> bool:
        scheme = code[1]
        return (
            code in self.codes
            or scheme in self.schemes
            or any(one[-1:] == _ALL and scheme.startswith(one[:-1]) for one in self.schemes)
        )

    def nearest(self, code: str, scheme: str) -> str:
        """What a code that is not of the set was probably meant to be, or what there is instead."""
        elsewhere = sorted(other for known, other in self.codes if known == code)
        if elsewhere:
            return f"{code!r} of scheme {elsewhere[0]!r}"
        here = sorted(known for known, other in self.codes if other == scheme)
        if here:
            near = difflib.get_close_matches(code, here, n=1, cutoff=0.0)
            return f"{near[0]!r} of scheme {scheme!r}" if near else f"one of {_some(here)} of scheme {scheme!r}"
        schemes = sorted(self.schemes | {other for _, other in self.codes})
        near = difflib.get_close_matches(scheme, schemes, n=1, cutoff=0.6)
        return f"a code of scheme {near[0]!r}" if near else f"a code of one of the schemes {_some(schemes)}"


def _some(values: list[str]) -> str:
    more = f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return ", ".join(map(repr, values[:_LISTED])) + more


@dataclass(frozen=True, slots=True)
class AffinityDomain:
    """The value sets by the names of the attributes; an attribute without one may have any code.

    ``mime_types`` are media types in lower case, ``type/*`` for all of a type; without any, each will do. Where
    ``check`` is False nothing is checked.
    """

    value_sets: Mapping[str, ValueSet] = field(default_factory=dict)
    mime_types: frozenset[str] = frozenset()
    check: bool = True

    def value_set_of(self, scheme: str) -> ValueSet | None:
        """The value set of the attribute that travels in a classification scheme; None where any code will do."""
        return self.value_sets.get(CODED_ATTRIBUTES.get(scheme, ""))

    def takes_mime_type(self, mime_type: str) -> bool:
        """Whether documents may be of a media type; its parameters do not matter."""
        if not self.mime_types:
            return True
        bare = mime_type.partition(";")[0].strip().lower()
        return bare in self.mime_types or f"{bare.partition('/')[0]}/{_ALL}" in self.mime_types

    def nearest_mime_type(self, mime_type: str) -> str:
        """The listed media type that was probably meant, or those that there are."""
        listed = sorted(self.mime_types)
        near = difflib.get_close_matches(mime_type.lower(), listed, n=1, cutoff=0.6)
        return repr(near[0]) if near else f"one of {_some(listed)}"


#: Takes every code.
ANY_CODE: Final = AffinityDomain(check=False)


def known_attributes() -> Iterator[str]:
    """The names under which a file of codes may have value sets."""
    yield from CODED_ATTRIBUTES.values()
    yield "mimeType"
