"""Names of the files that people find submitted documents under."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.store.saved_copies import safe_name

#: A machine that does other work as well is no failure.
_AT_EASE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@_AT_EASE
@given(st.text(max_size=20_000), st.text(max_size=100))
def test_any_unique_id_gives_a_plain_name(unique_id: str, mime_type: str) -> None:
    """Whatever a peer calls its document, the file's name is one name, short, visible, and portable."""
    name = safe_name(unique_id, SHA1, mime_type)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.[a-z]+", name)
    assert len(name) < 120
    assert ".." not in name[:2]


@pytest.mark.parametrize("unique_id", ["../../../etc/passwd", "a" * 10_000, "a\0b/c\\d\"e'f", "", ".", "..", " ", "💊"])
def test_hostile_unique_ids_stay_inside(unique_id: str) -> None:
    """No separator, no NUL, no quote, no leading dot survives."""
    name = safe_name(unique_id, SHA1, "text/xml")
    assert not set(name) & set("/\\\0\"' ")
    assert not name.startswith(".")


@pytest.mark.parametrize("unique_id", ["CON", "nul", "Com1.2.3", "LPT9", "aux.xml"])
def test_names_of_devices_are_avoided(unique_id: str) -> None:
    """Windows takes these names for devices, with any extension."""
    assert safe_name(unique_id, SHA1, "text/xml").split(".")[0].lower() not in {"con", "nul", "com1", "lpt9", "aux"}


def test_an_oid_stays_readable() -> None:
    """The usual uniqueId can be read off the file's name."""
    assert safe_name("2.999.1.2.3", SHA1, "text/xml").startswith("2.999.1.2.3-")


def test_different_ids_or_bytes_differ_where_case_does_not_count() -> None:
    """Two documents never share a name, also on file systems that do not tell upper from lower case."""
    names = {
        safe_name("2.999.1^a", SHA1, "text/xml").lower(),
        safe_name("2.999.1^A", SHA1, "text/xml").lower(),
        safe_name("2.999.1/a", SHA1, "text/xml").lower(),
        safe_name("2.999.1^a", SHA1[::-1], "text/xml").lower(),
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    ("mime_type", "extension"),
    [
        ("text/xml", ".xml"),
        ("Text/XML; charset=utf-8", ".xml"),
        ("application/hl7-sda+xml", ".xml"),
        ("application/fhir+json", ".json"),
        ("application/pdf", ".pdf"),
        ("text/x-hl7-text+xml", ".xml"),
        ("application/octet-stream", ".bin"),
        ("../../x", ".bin"),
        ("", ".bin"),
    ],
)
def test_the_mime_type_gives_the_extension(mime_type: str, extension: str) -> None:
    """A document opens in the right program; the unknown is .bin."""
    assert safe_name("2.999.1", SHA1, mime_type).endswith(extension)
