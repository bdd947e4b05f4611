"""WS-Addressing 1.0: the message addressing properties of a request, and those of its answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, xml_text

NAMESPACES: Final = frozenset({ns.WSA, ns.WSA_2004})
#: What stands in XML as it is, whatever it is: the usual URI.
_PLAIN: Final = re.compile(r"[A-Za-z0-9:/._-]*")
_SINGLE: Final = ("Action", "MessageID", "To", "From", "ReplyTo", "FaultTo")
_ANONYMOUS: Final = frozenset({"", ns.WSA_ANONYMOUS, "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"})


@dataclass(frozen=True, slots=True)
class Addressing:
    """Message addressing properties (WS-Addressing 1.0 Core, 3.1); empty where a property is absent.

    ``present`` is False for a message without any addressing header. ``relates_to`` holds the message id
    of a reply relationship. ``namespace`` is the one that was used, so that an answer uses it too.
    """

    action: str = ""
    message_id: str = ""
    relates_to: str = ""
    to: str = ""
    reply_to: str = ""
    fault_to: str = ""
    namespace: str = ns.WSA
    present: bool = True

    @property
    def expects_answer_elsewhere(self) -> bool:
        """Whether ReplyTo asks for the answer at an address of its own instead of on this connection."""
        return self.reply_to not in _ANONYMOUS

    def reply(self, action: str, message_id: str) -> "Addressing":
        """The properties of an answer to this message (WS-Addressing 1.0 Core, 3.4)."""
        return Addressing(action=action, message_id=message_id, relates_to=self.message_id, namespace=self.namespace)


NONE: Final = Addressing(present=False)


def read_addressing(blocks: Iterable[Element]) -> tuple[Addressing, list[Finding]]:
    """The addressing properties among a message's header blocks, and what is wrong with them."""
    values: dict[str, list[str]] = {}
    namespace = ""
    for block in blocks:
        tag = block.tag
        found, _, name = tag[1:].partition("}") if tag[0] == "{" else ("", "", tag)
        if found in NAMESPACES:
            namespace = namespace or found
            values.setdefault(name, []).append(_value(block, name, found))
    if not namespace:
        return NONE, []
    repeated = [name for name, texts in values.items() if len(texts) > 1 and name in _SINGLE]
    findings = [
        _finding("WSA-01", f"wsa:{name} occurs at most once", f"Header/{name}", f"{len(values[name])} times", "once")
        for name in repeated
    ]
    if not any(values.get("Action", ())):
        findings.append(
            _finding("WSA-02", "a message with addressing headers names its action", "Header/Action", "nothing")
        )
    first = {name: texts[0] for name, texts in values.items()}
    return (
        Addressing(
            action=first.get("Action", ""),
            message_id=first.get("MessageID", ""),
            relates_to=first.get("RelatesTo", ""),
            to=first.get("To", ""),
            reply_to=first.get("ReplyTo", ""),
            fault_to=first.get("FaultTo", ""),
            namespace=namespace,
        ),
        findings,
    )


def write_addressing(addressing: Addressing) -> str:
    """The addressing headers as they stand in a SOAP Header where ``wsa`` is bound to their namespace."""
    headers = ""
    if addressing.action:
        headers += f"<wsa:Action>{_escaped(addressing.action)}</wsa:Action>"
    if addressing.message_id:
        headers += f"<wsa:MessageID>{_escaped(addressing.message_id)}</wsa:MessageID>"
    if addressing.relates_to:
        headers += f"<wsa:RelatesTo>{_escaped(addressing.relates_to)}</wsa:RelatesTo>"
    if addressing.to:
        headers += f"<wsa:To>{_escaped(addressing.to)}</wsa:To>"
    if addressing.reply_to:
        headers += f"<wsa:ReplyTo><wsa:Address>{_escaped(addressing.reply_to)}</wsa:Address></wsa:ReplyTo>"
    return headers


def _escaped(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return escape(xml_text(value), {"\r": "&#13;"})


def _value(block: Element, name: str, namespace: str) -> str:
    if name in {"ReplyTo", "FaultTo", "From"}:
        return (block.findtext(f"{{{namespace}}}Address") or "").strip()
    return (block.text or "").strip()


def _finding(rule: str, sentence: str, path: str, got: str, want: str = "") -> Finding:
    return Finding(rule, "WS-Addressing 1.0 Core, 3.1", Severity.ERROR, sentence, f"/Envelope/{path}", got, want)
