"""Assertions from a user's own template: an assertion in XML whose text holds ``{{placeholders}}``."""

import copy
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from ihe_test_util.errors import BadInput, XmlMalformed
from ihe_test_util.security.saml_elements import saml_time
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, line_of, parse

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_BEGINS: Final = ("NotBefore", "AuthnInstant", "IssueInstant")
_ENDS: Final = ("NotOnOrAfter", "SessionNotOnOrAfter")


@dataclass(frozen=True, slots=True)
class AssertionTemplate:
    """An assertion to be made again and again; ``where`` names its file.

    Times that stand in it, its ID and its signature are replaced each time; the rest stays as it is, apart from the
    placeholders in text and attributes.
    """

    root: Element = field(repr=False, compare=False)
    where: str = ""

    @classmethod
    def read(cls, data: bytes, *, where: str = "") -> Self:
        """A template from the bytes of its file.

        Raises:
            BadInput: not XML, not a SAML 2.0 assertion, or one without an Issuer as its first child.
        """
        try:
            root = parse(data, what="template")
        except XmlMalformed as error:
            raise BadInput(error.message, where=error.where or where, got=error.got, hint=error.hint) from None
        first = root[0].tag if len(root) else ""
        if root.tag != f"{{{ns.SAML}}}Assertion" or first != f"{{{ns.SAML}}}Issuer":
            raise BadInput(
                "the template is no SAML 2.0 assertion",
                where=where,
                got=f"root element {root.tag}" + (f", first child {first}" if first else ""),
                expected=f"<Assertion> in namespace {ns.SAML!r} whose first child is its <Issuer>",
                hint="ihe-test-util saml generate writes one to begin with",
            )
        for signature in root.findall(f"{{{ns.DS}}}Signature"):
            root.remove(signature)
        return cls(root, where)

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of its placeholders, each once, in document order."""
        return tuple(dict.fromkeys(name for _, text in _texts(self.root) for name in _PLACEHOLDER.findall(text)))

    def require(self, values: Mapping[str, str]) -> None:
        """Refuse placeholders without a value.

        Raises:
            BadInput: placeholders that are unknown, with the nearest known one, or whose value is empty.
        """
        missing = {name for name in self.placeholders if not values.get(name)}
        if not missing:
            return
        lines = [
            f"  line {line_of(element)}: {{{{{name}}}}} {_complaint(name, values)}"
            for element, text in _texts(self.root)
            for name in _PLACEHOLDER.findall(text)
            if name in missing
        ]
        raise BadInput(
            "the template has placeholders that nothing fills:\n" + "\n".join(lines),
            where=self.where,
            expected="known are " + ", ".join(sorted(values)),
            hint="give a value of your own with --set NAME=VALUE",
        )

    def fill(self, values: Mapping[str, str], *, now: datetime, valid_for_s: float, assertion_id: str) -> Element:
        """A new assertion, not yet signed."""
        root = copy.deepcopy(self.root)
        begin, end = saml_time(now), saml_time(now + timedelta(seconds=valid_for_s))
        for element in root.iter(f"{{{ns.SAML}}}*"):
            for names, moment in ((_BEGINS, begin), (_ENDS, end)):
                for name in names:
                    if name in element.attrib:
                        element.set(name, moment)
        root.set("ID", assertion_id)
        root.set("IssueInstant", begin)
        root.set("Version", "2.0")
        for element in root.iter():
            for name in map(str, tuple(element.attrib)):
                element.set(name, _filled(element.get(name, ""), values))
            if element.text and "{{" in element.text:
                element.text = _filled(element.text, values)
            if element.tail and "{{" in element.tail:
                element.tail = _filled(element.tail, values)
        return root


def _texts(root: Element) -> Iterator[tuple[Element, str]]:
    for element in root.iter():
        for text in (*map(str, element.attrib.values()), element.text, element.tail):
            if text and "{{" in text:
                yield element, text


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)


def _complaint(name: str, values: Mapping[str, str]) -> str:
    if name in values:
        return f"has no value: give --{name.replace('_', '-')}"
    near = difflib.get_close_matches(name, values, n=1)
    return f"is unknown; did you mean {{{{{near[0]}}}}}?" if near else "is unknown"
