"""The SOAP fault: one value, written for either version, read from either."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.errors import FaultCode, IheTestUtilError, NotUnderstood, Scenario, VersionMismatch
from ihe_test_util.exchange import Finding
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, xml_text

#: Namespace of the findings in a fault's detail.
DETAIL_NAMESPACE: Final = "urn:ihe-test-util:fault:1"
_FROM_SOAP11: Final = {"Client": FaultCode.SENDER, "Server": FaultCode.RECEIVER}


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault, whatever the version.

    ``subcode`` is a local name of the WS-Addressing namespace (SOAP Binding, 6.4) or empty. ``http_status`` is
    None where the version's HTTP binding decides. ``blocks`` are header blocks that were not understood.
    """

    code: FaultCode
    reason: str
    scenario: Scenario = Scenario.INTERNAL_ERROR
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    subcode: str = ""
    http_status: int | None = None
    blocks: tuple[tuple[str, str], ...] = ()
    upgrade: bool = False

    @classmethod
    def of(cls, error: IheTestUtilError) -> "Fault":
        """The fault that says what an error says."""
        blocks = error.blocks if isinstance(error, NotUnderstood) else ()
        return cls(
            code=error.soap_code,
            reason=str(error),
            scenario=error.scenario,
            http_status=error.http_status,
            blocks=blocks,
            upgrade=isinstance(error, VersionMismatch),
        )

    def status(self, version: SoapVersion) -> int:
        """HTTP status: SOAP 1.2 Part 2, 7.5.2.2 (400 for Sender, else 500); SOAP 1.1, 6.2 (always 500)."""
        if self.http_status is not None:
            return self.http_status
        return 400 if version is SoapVersion.V12 and self.code is FaultCode.SENDER else 500


def build_fault(fault: Fault, version: SoapVersion) -> Element:
    """The Fault element (SOAP 1.2 Part 1, 5.4; SOAP 1.1, 4.4)."""
    return _build_12(fault) if version is SoapVersion.V12 else _build_11(fault)


def fault_header_blocks(fault: Fault, version: SoapVersion) -> list[Element]:
    """NotUnderstood and Upgrade header blocks, which only SOAP 1.2 has (SOAP 1.2 Part 1, 5.4.7 and 5.4.8)."""
    if version is not SoapVersion.V12:
        return []
    blocks: list[Element] = []
    for namespace, name in fault.blocks:
        block = etree.Element(f"{{{ns.SOAP12}}}NotUnderstood", nsmap={"ns": namespace} if namespace else None)
        block.set("qname", f"ns:{name}" if namespace else name)
        blocks.append(block)
    if fault.upgrade:
        upgrade = etree.Element(f"{{{ns.SOAP12}}}Upgrade")
        for namespace in (ns.SOAP12, ns.SOAP11):
            supported = etree.SubElement(upgrade, f"{{{ns.SOAP12}}}SupportedEnvelope", nsmap={"env": namespace})
            supported.set("qname", "env:Envelope")
        blocks.append(upgrade)
    return blocks


def is_fault(payload: Element) -> bool:
    """Whether the child of a Body is a SOAP fault of either version."""
    return payload.tag in {f"{{{ns.SOAP12}}}Fault", f"{{{ns.SOAP11}}}Fault"}


def read_fault(element: Element) -> Fault:
    """Read a fault of either version; findings in its detail are read when they are ours."""
    if element.tag == f"{{{ns.SOAP11}}}Fault":
        name = (element.findtext("faultcode") or "").strip().rpartition(":")[2]
        reason = (element.findtext("faultstring") or "").strip()
        detail = element.find("detail")
        subcode = ""
    else:
        name = (element.findtext(f"{{{ns.SOAP12}}}Code/{{{ns.SOAP12}}}Value") or "").strip().rpartition(":")[2]
        reason = _reason_12(element)
        detail = element.find(f"{{{ns.SOAP12}}}Detail")
        subcode_path = "/".join(f"{{{ns.SOAP12}}}{step}" for step in ("Code", "Subcode", "Value"))
        subcode = (element.findtext(subcode_path) or "").strip().rpartition(":")[2]
    try:
        code = _FROM_SOAP11.get(name.split(".")[0]) or FaultCode(name)
    except ValueError:
        # SOAP 1.1, 4.4.1, admits other codes: those of WS-Security and WS-Addressing stand in this place.
        code, subcode = FaultCode.RECEIVER, subcode or name
    text = " ".join("".join(str(piece) + " " for piece in detail.itertext()).split()) if detail is not None else ""
    return Fault(code=code, reason=reason, detail=text, subcode=subcode)


def _build_12(fault: Fault) -> Element:
    soap = f"{{{ns.SOAP12}}}"
    root = etree.Element(f"{soap}Fault", nsmap={"soap": ns.SOAP12})
    code = etree.SubElement(root, f"{soap}Code")
    etree.SubElement(code, f"{soap}Value").text = f"soap:{SoapVersion.V12.fault_name(fault.code)}"
    if fault.subcode:
        subcode = etree.SubElement(code, f"{soap}Subcode")
        etree.SubElement(subcode, f"{soap}Value", nsmap={"wsa": ns.WSA}).text = f"wsa:{fault.subcode}"
    text = etree.SubElement(etree.SubElement(root, f"{soap}Reason"), f"{soap}Text")
    text.set(f"{{{ns.XML}}}lang", "en")
    text.text = xml_text(fault.reason)
    if fault.detail or fault.findings:
        _fill_detail(etree.SubElement(root, f"{soap}Detail"), fault)
    return root


def _build_11(fault: Fault) -> Element:
    root = etree.Element(f"{{{ns.SOAP11}}}Fault", nsmap={"soap": ns.SOAP11})
    code = etree.SubElement(root, "faultcode", nsmap={"wsa": ns.WSA} if fault.subcode else None)
    code.text = f"wsa:{fault.subcode}" if fault.subcode else f"soap:{SoapVersion.V11.fault_name(fault.code)}"
    etree.SubElement(root, "faultstring").text = xml_text(fault.reason)
    if fault.detail or fault.findings:
        _fill_detail(etree.SubElement(root, "detail"), fault)
    return root


def _fill_detail(detail: Element, fault: Fault) -> None:
    if fault.detail:
        etree.SubElement(detail, f"{{{DETAIL_NAMESPACE}}}Text", nsmap={"itu": DETAIL_NAMESPACE}).text = xml_text(
            fault.detail
        )
    for finding in fault.findings:
        item = etree.SubElement(detail, f"{{{DETAIL_NAMESPACE}}}Finding", nsmap={"itu": DETAIL_NAMESPACE})
        attributes = {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "path": finding.path,
            "line": str(finding.line or ""),
            "section": finding.section,
            "got": finding.got,
            "expected": finding.want,
        }
        for name, value in attributes.items():
            if value:
                item.set(name, xml_text(value))
        item.text = xml_text(finding.sentence)


def _reason_12(element: Element) -> str:
    texts = element.findall(f"{{{ns.SOAP12}}}Reason/{{{ns.SOAP12}}}Text")
    english = [text for text in texts if text.get(f"{{{ns.XML}}}lang", "").startswith("en")]
    chosen = (english or texts)[:1]
    return (chosen[0].text or "").strip() if chosen else ""
