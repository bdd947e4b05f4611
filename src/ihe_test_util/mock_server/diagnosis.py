"""Findings about the package around a message, and the lines on which findings about it lie."""

from dataclasses import replace

from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.soap.mime import ContentType
from ihe_test_util.soap.mtom import InlineAttachments, XopAttachments
from ihe_test_util.soap.multipart import Package
from ihe_test_util.xml.io import Element, line_of, locate

_XOP = "application/xop+xml"


def package_findings(
    content_type: ContentType, package: Package, attachments: XopAttachments | InlineAttachments
) -> list[Finding]:
    """What a package does otherwise than MTOM and XOP say, though it can be read."""
    findings = []
    declared = (content_type.param("type") or "").lower()
    if declared != _XOP:
        findings.append(
            Finding(
                "MIME-01",
                "XOP 1.0, 4.1",
                Severity.WARNING,
                "the type parameter of an MTOM package is application/xop+xml",
                "Content-Type",
                declared or "nothing",
                _XOP,
            )
        )
    if isinstance(attachments, XopAttachments):
        findings += [
            Finding(
                "MIME-02",
                "XOP 1.0, 3.1",
                Severity.WARNING,
                "every part of the package is one that an xop:Include points to",
                f"part {package.parts.index(part) + 1}",
                f"Content-ID {part.content_id!r}, {part.content_type}, {part.content.size:,} bytes,"
                " which nothing points to",
                "an xop:Include with this cid, or no such part",
            )
            for part in attachments.unreferenced()
        ]
    return findings


def placed(finding: Finding, payload: Element) -> Finding:
    """The finding with the line on which its path lies, in the XML as it arrived."""
    if finding.line is not None or not finding.path:
        return finding
    if finding.path.startswith("/Envelope"):
        root = payload.getroottree().getroot()
        return replace(finding, line=locate(root, finding.path))
    if finding.path.startswith("/"):
        return replace(finding, line=locate(payload, finding.path))
    bearer_id = finding.path.partition("/")[0]
    bearer = next((element for element in payload.iter() if element.get("id") == bearer_id), None)
    return finding if bearer is None else replace(finding, line=line_of(bearer))
