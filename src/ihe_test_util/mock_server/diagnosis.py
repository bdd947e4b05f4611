"""What there is to say against a message, and the lines on which it lies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ihe_test_util.exchange import Finding
from ihe_test_util.xml.io import Element, Places

#: An object id may itself hold slashes; the attribute after it holds few.
_ATTRIBUTE_STEPS: Final = 4


def placed(findings: Sequence[Finding], payload: Element) -> list[Finding]:
    """The findings with the lines on which their paths lie, in the XML as it arrived."""
    envelope = Places(payload.getroottree().getroot())
    message = Places(payload)
    return [_placed(finding, envelope, message) for finding in findings]


def _placed(finding: Finding, envelope: Places, message: Places) -> Finding:
    path = finding.path
    if finding.line is not None or not path:
        return finding
    bearer = path
    for _ in range(_ATTRIBUTE_STEPS):
        bearer, slash, _attribute = bearer.rpartition("/")
        if not slash or not bearer:
            break
        if (line := message.line_of_id(bearer)) is not None:
            return replace(finding, line=line)
    if not path.startswith("/"):
        return finding
    return replace(finding, line=(envelope if path.startswith("/Envelope") else message).line(path))
