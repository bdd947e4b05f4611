"""The data types of metadata attributes: what is one, and what is none."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.domain.xds import datatypes as types

OID_64 = "2.999." + "1" * 58
GOOD: tuple[tuple[Callable[[str], bool], tuple[str, ...]], ...] = (
    (types.is_oid, ("1.2", "0.0", "2.999.1.0", OID_64)),
    (types.is_dotted_decimal, ("129.6.58.92", "2.999")),
    (types.is_dtm, ("2024", "202402", "20240229", "2024022915", "202402291530", "20240229153059")),
    (types.is_dtm_to_seconds, ("20240229153059",)),
    (types.is_hash, ("a" * 40, "0123456789ABCDEF0123456789abcdef01234567")),
    (types.is_size, ("0", "15360")),
    (types.is_language, ("en", "en-US", "de-CH-1996", "zh-Hant")),
    (types.is_mime_type, ("text/xml", "application/hl7-v3+xml", "text/plain; charset=utf-8")),
    (types.is_uuid_urn, ("urn:uuid:0d1a0c4c-4d7c-4f6d-9d2f-0d5b7b1a2c3d",)),
    (types.is_document_unique_id, ("2.999.1^A-1", "urn:uuid:1", "x" * 128)),
    (types.is_oid_with_extension, ("2.999.1", "2.999.1^1234567890123456")),
    (types.is_home_community_id, ("urn:oid:2.999.1",)),
    (types.is_cx, ("4711^^^&2.999.1&ISO", "a b^^^&2.999&ISO")),
    (types.is_cxi, ("1^^^&2.999&ISO^urn:ihe:iti:xds:2013:order", "1^^^^T", "1^^^NS&h.example&DNS^T^urn:oid:2.999")),
    (types.is_xcn, ("815", "815^N^A^^^^^^&2.999&ISO", "^Müller", "^^Aiko")),
    (types.is_xon, ("Hospital", "Hospital^^^^^^^^^2.999.1", "Ward^^^^^&2.999&ISO^^^^W7")),
    (types.is_xtn, ("^^Internet^a@b.example", "^PRN^PH^^41^31^5550123", "5550123^WPN^PH", "^^CP^^^^^^^^^+41315550123")),
    (types.is_recipient, ("Hospital", "|815^N^A", "||^^Internet^a@b.example", "Hospital|^N^A|^^Internet^a@b.example")),
    (
        types.is_source_patient_info,
        ("PID-3|1^^^&2.999&ISO~2^^^&2.999&ISO", "PID-5|A^B", "PID-7|1980", "PID-7|", "PID-39|x"),
    ),
)
BAD: tuple[tuple[Callable[[str], bool], tuple[str, ...]], ...] = (
    (types.is_oid, ("", "1", "3.1", "1.02", "1..2", "1.2.", ".1.2", "1.2\n", "urn:oid:1.2", OID_64 + "1", "1.٣")),
    (types.is_dotted_decimal, ("129", "source", "1.02", "1." + "2" * 64)),
    (
        types.is_dtm,
        ("", "20", "20241", "202413", "20240232", "2024022924", "202402291560", "2024-02-29", "20240229Z", "2024\n"),
    ),
    (types.is_dtm_to_seconds, ("20240229", "2024022915305")),
    (types.is_hash, ("", "a" * 39, "a" * 41, "g" * 40)),
    (types.is_size, ("", "-1", "1.5", "1 KB", "٣")),
    (types.is_language, ("", "englishlanguage", "en_US", "en-", "-en")),
    (types.is_mime_type, ("", "xml", "text/", "/xml", "text/x ml")),
    (
        types.is_uuid_urn,
        ("", "urn:uuid:1", "0d1a0c4c-4d7c-4f6d-9d2f-0d5b7b1a2c3d", "urn:uuid:0D1A0C4C-4D7C-4F6D-9D2F-0D5B7B1A2C3D"),
    ),
    (types.is_document_unique_id, ("", "a b", "ü", "x" * 129, "a\n")),
    (types.is_oid_with_extension, ("", "2.999^", "2.999^12345678901234567", "^1")),
    (types.is_home_community_id, ("", "2.999.1", "urn:oid:", "urn:uuid:2.999")),
    (
        types.is_cx,
        (
            "",
            "4711",
            "^^^&2.999&ISO",
            "4711^^^NS&2.999&ISO",
            "4711^^^&2.999&DNS",
            "4711^^^&2.999&ISO^PI",
            "4711^1^^&2.999&ISO",
        ),
    ),
    (types.is_cxi, ("", "1", "1^^^&2.999&ISO", "^^^&2.999&ISO^T", "1^^^&&ISO^T", "1^^^^T^", "1^x^^^T")),
    (types.is_xcn, ("", "^^", "^^^Dr.", "815^N^A^^^^^^2.999")),
    (types.is_xon, ("", "^^^^^&2.999&ISO", "Ward^^^^^^^^^W7", "Ward^^^^^2.999^^^^W7")),
    (types.is_xtn, ("", "5550123", "^^Internet", "^^Internet^nobody", "^^PH^a@b.example", "^^Internet^@b")),
    (types.is_recipient, ("", "||", "a|b|c|d", "^|815", "|^^", "||5550123")),
    (
        types.is_source_patient_info,
        ("", "PID-5", "PID5|A", "PID-0|x", "PID-40|x", "PID-2|x", "PID-19|x", "PID-3|1", "PID-7|today"),
    ),
)


def _named(each: Callable[[str], bool] | str) -> str:
    return each[:30] if isinstance(each, str) else each.__name__


@pytest.mark.parametrize(
    ("check", "text"),
    [(check, text) for check, texts in GOOD for text in texts],
    ids=_named,
)
def test_is_one(check: Callable[[str], bool], text: str) -> None:
    """What the framework allows is recognised."""
    assert check(text)


@pytest.mark.parametrize(
    ("check", "text"),
    [(check, text) for check, texts in BAD for text in texts],
    ids=_named,
)
def test_is_none(check: Callable[[str], bool], text: str) -> None:
    """What it does not allow is not."""
    assert not check(text)


@given(st.text(max_size=40))
def test_any_text_is_judged(text: str) -> None:
    """No text makes a check fail otherwise than by saying no."""
    for check, _ in GOOD:
        assert check(text) in (True, False)
