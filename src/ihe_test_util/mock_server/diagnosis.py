"""The lines on which findings lie."""

from dataclasses import replace

from ihe_test_util.exchange import Finding
from ihe_test_util.xml.io import Element, line_of, locate


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
