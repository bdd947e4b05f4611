"""The file of codes: what it may hold, what is said of what it may not, and when it is read."""

import json
import os
from pathlib import Path

import pytest

from ihe_test_util.domain.xds.codes import CODED_ATTRIBUTES, AffinityDomain
from ihe_test_util.domain.xds.writing import EPISODE_SUMMARY
from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.codes_file import CodesFile, codes_of, default_codes, load_codes
from ihe_test_util.mock_server.config_models import DEFAULT_CODES_PATH
from ihe_test_util.transactions.iti41 import C_CDA_SUMMARY
from ihe_test_util.xml.ebrim import urns

ROOT = Path(__file__).parents[3]
CONFORMANCE = ROOT.parent / "shared/conformance/codes.json"


def takes(codes: AffinityDomain, scheme: str, code: str, coding_scheme: str) -> bool:
    """Whether an attribute may have a code."""
    value_set = codes.value_set_of(scheme)
    return value_set is None or (code, coding_scheme) in value_set


def test_a_file_holds_codes_schemes_and_media_types() -> None:
    """A code with its scheme, a scheme with all its codes, media types; what is not named is free."""
    codes = codes_of(
        b"""{
          "_comment": "ours",
          "classCode": [{"code": "SUM", "codingScheme": "1.1", "display": ""}, {"codingScheme": "1.2"},
                        {"codingScheme": "2.999.*"}],
          "mimeType": ["Text/XML", "image/*"]
        }""",
        "codes.json",
    )

    assert codes.check
    assert takes(codes, urns.ENTRY_CLASS_CODE, "SUM", "1.1")
    assert takes(codes, urns.ENTRY_CLASS_CODE, "anything", "1.2")
    assert takes(codes, urns.ENTRY_CLASS_CODE, "anything", "2.999.1")
    assert not takes(codes, urns.ENTRY_CLASS_CODE, "LAB", "1.1")
    assert not takes(codes, urns.ENTRY_CLASS_CODE, "LAB", "2.9991")
    assert takes(codes, urns.ENTRY_TYPE_CODE, "anything", "anywhere")
    assert [codes.takes_mime_type(each) for each in ("text/xml; charset=utf-8", "IMAGE/png", "text/plain")] == [
        True,
        True,
        False,
    ]


def test_checks_can_be_switched_off() -> None:
    """``check`` is kept beside whatever else the file says."""
    assert not codes_of(b'{"check": false}', "codes.json").check


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"clasCode": []}', "codes.json:1:2: clasCode: no attribute has this name; did you mean"),
        ('{"check": "no"}', 'check: "no" is neither true nor false'),
        ('{"classCode": {}}', "classCode: an object is no list"),
        ('{"classCode": ["N"]}', 'classCode.0: "N" is no code'),
        ('{"classCode": [{"code": "N"}]}', "classCode.0: has no codingScheme"),
        ('{"classCode": [{"code": "", "codingScheme": 1}]}', "classCode.0.codingScheme: 1 is no text"),
        ('{"classCode": [{"code": "", "codingScheme": "1"}]}', "classCode.0.code: is empty"),
        ('{"classCode": [{"codingSchema": "1"}]}', "classCode.0.codingSchema: a code has no such member; did you mean"),
        ('{"mimeType": ["xml"]}', 'mimeType.0: "xml" is no media type'),
        ('{"check": true,\n "check": false}', "codes.json:2:2: check: the key is there twice, first in line 1"),
        ("[]", "holds a list; a JSON object is expected"),
        ('{"check": true', "codes.json:1"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    """Each problem has a sentence; all of them come at once."""
    with pytest.raises(ConfigError) as caught:
        codes_of(text.encode("utf-8", "surrogateescape"), "codes.json")

    assert said in str(caught.value)


def test_all_problems_at_once() -> None:
    """One line each."""
    with pytest.raises(ConfigError) as caught:
        codes_of(b'{"check": 1, "x": [], "mimeType": ["a", "b"]}', "codes.json")

    assert len(caught.value.problems) == 4
    assert len(str(caught.value).splitlines()) == 4


def test_the_shipped_set_takes_what_this_tool_sends() -> None:
    """The codes of a C-CDA summary are in it, and any media type."""
    codes = default_codes()
    sent = (
        (urns.ENTRY_CLASS_CODE, C_CDA_SUMMARY.class_code),
        (urns.ENTRY_TYPE_CODE, C_CDA_SUMMARY.type_code),
        (urns.ENTRY_FORMAT_CODE, C_CDA_SUMMARY.format_code),
        (urns.ENTRY_FACILITY_TYPE_CODE, C_CDA_SUMMARY.facility_type_code),
        (urns.ENTRY_PRACTICE_SETTING_CODE, C_CDA_SUMMARY.practice_setting_code),
        *((urns.ENTRY_CONFIDENTIALITY_CODE, code) for code in C_CDA_SUMMARY.confidentiality_codes),
        (urns.SET_CONTENT_TYPE_CODE, EPISODE_SUMMARY),
    )

    assert codes.check
    assert [code for scheme, code in sent if not takes(codes, scheme, code.code, code.scheme)] == []
    assert not takes(codes, urns.ENTRY_CONFIDENTIALITY_CODE, "X", "2.16.840.1.113883.5.25")
    assert codes.takes_mime_type("application/x-anything")


def test_codes_of_the_test_plans_can_be_read() -> None:
    """The file of the conformance packs is one of ours."""
    if not CONFORMANCE.is_file():
        pytest.skip(f"there are no conformance packs at {CONFORMANCE}")
    codes = load_codes(CONFORMANCE)

    assert set(codes.value_sets) == set(CODED_ATTRIBUTES.values())
    assert codes.takes_mime_type("text/goofy")


def test_only_the_default_file_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the shipped codes are in force; any other file is missed."""
    monkeypatch.chdir(tmp_path)

    assert load_codes(DEFAULT_CODES_PATH) == default_codes()
    with pytest.raises(ConfigError, match="no such file of codes"):
        load_codes(tmp_path / "codes.json")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    """With the next message; what is broken, or gone, leaves the codes that were there."""
    path = tmp_path / "codes.json"
    codes = CodesFile()

    def write(text: str, time_ns: int) -> AffinityDomain:
        path.write_text(text, "utf-8")
        os.utime(path, ns=(time_ns, time_ns))
        return codes.current(path)

    first = write(json.dumps({"classCode": [{"codingScheme": "1.1"}]}), 1)
    again = codes.current(path)
    second = write('{"check": false}', 2)
    broken = write("{", 3)
    path.unlink()
    gone = codes.current(path)

    assert first is again
    assert takes(first, urns.ENTRY_CLASS_CODE, "x", "1.1")
    assert not second.check
    assert broken is second
    assert gone is second
