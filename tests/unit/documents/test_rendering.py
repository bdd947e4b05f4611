"""Values in documents: whole, escaped where they stand, and never markup."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.xml.io import parse, xml_text

Render = Callable[..., str]
EVERYWHERE = Template.from_bytes(
    b"""<?xml version="1.0"?><!-- {{ last_name }} --><?note {{ last_name }}?>
<a b="{{ last_name }}" c='{{ last_name }}' d="{{ last_name ~ "'" }}"><t>{{ last_name }}</t>
<!-- {{ last_name }}--><c><![CDATA[{{ last_name }}]]></c><?note {{ last_name }} ?>
<m>{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice(last_name) }}</m>
<s>{% set x %}{{ last_name }}{% endset %}{{ x }}</s>
<j>{{ [last_name, last_name]|join("&") }}</j></a>"""
)


@given(value=st.text(max_size=60) | st.text(alphabet="-]<>&\"'?!{}%\r\n\t x", max_size=20))
def test_any_value_comes_through_any_place(value: str) -> None:
    """Text, attributes, CDATA sections and macros carry the value as it is; comments stay comments."""
    row = PatientRow(2, "A", value, datetime(1980, 1, 1).date(), "F", "2.999.1", "P")  # noqa: DTZ001 - only its date
    document = EVERYWHERE.render(row, now=datetime(2026, 1, 1).astimezone(), ids=Ids("0" * 32))
    root = etree.fromstring(document)
    expected = xml_text(value)
    assert root.get("b") == root.get("c") == expected
    assert root.get("d") == expected + "'"
    assert (root.findtext("t") or "") == expected
    # A parser turns line ends in a CDATA section into \n, where no escape can keep them.
    assert (root.findtext("c") or "") == expected.replace("\r\n", "\n").replace("\r", "\n")
    assert (root.findtext("m") or "") == expected * 2
    assert (root.findtext("s") or "") == expected
    assert (root.findtext("j") or "") == f"{expected}&{expected}"


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("a & b", "a &amp; b"),
        ("<script>", "&lt;script&gt;"),
        ("\"quoted\" 'so'", "&#34;quoted&#34; &#39;so&#39;"),
        ("two\r\nlines\t", "two&#13;&#10;lines&#9;"),
        ("{{ first_name }}{% x %}", "{{ first_name }}{% x %}"),
        ("&amp;", "&amp;amp;"),
        ("😀 שלום 李", "😀 שלום 李"),
        ("a\x00b\x0b\ufffe\ud800", "a\ufffdb\ufffd\ufffd\ufffd"),
    ],
)
def test_values_are_escaped_once(render: Render, value: str, escaped: str) -> None:
    """Markup, quotes and white space are escaped; placeholders in values are text."""
    assert render("<a>{{ last_name }}</a>", last_name=value) == f"<a>{escaped}</a>"
    assert render("<a>{{ last_name|e }}</a>", last_name=value) == f"<a>{escaped}</a>"


def test_a_document_says_which_columns_lost_characters(row: PatientRow, now: datetime, ids: Ids) -> None:
    """A control character becomes U+FFFD, and the column is named, also where a derived value carried it."""
    template = Template.from_bytes(
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><title>{{ full_name }}</title></ClinicalDocument>'
    )
    document = template.document(replace(row, last_name="a\x07"), now=now, ids=ids)
    assert document.replaced == ("last_name",)
    assert document.title == "Anna a\ufffd"
    assert template.document(row, now=now, ids=ids).replaced == ()


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{% if phone %}yes{% else %}no{% endif %}", "no"),
        ("{{ 'a' if age >= 18 else 'b' }}", "a"),
        ("{{ last_name|upper }}", "O&#39;NEILL"),
        ("{{ phone|default('none', true) }}", "none"),
        ("{{ '20260112'|iso_date }}", "2026-01-12"),
        ("{{ '2026'|iso_date }}", "2026"),
        ("{{ '+1 (555) 01'|digits }}", "155501"),
        ("{{ last_name|replace(\"'\", '') }}", "ONeill"),
        ("{{ last_name|truncate(3) }}", "O&#39;…"),
        ("{{ last_name[0] }}{{ last_name[2:4] }}", "ONe"),
        ("{{ last_name|length + 1 }}", "8"),
        ("{{ 7 // 2 * 3 % 5 - 1 }}", "3"),
        ("{{ 'a' + 'b' ~ 1 }}", "ab1"),
        ("{{ true }} {{ 1.5 }}", "true 1.5"),
        (
            "{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}",
            "a0,b1,a2",
        ),
        ("{% for x in ['a', 'b'] if x != 'a' %}{{ x }}{% else %}none{% endfor %}", "b"),
        ("{% with x = 1 %}{{ x }}{% endwith %}", "1"),
        ("{% raw %}{{ first_name }}{% endraw %}", "{{ first_name }}"),
        ("{# a remark #}", ""),
        ("{% set city = city or 'Nowhere' %}{{ city }}", "Nowhere"),
    ],
)
def test_the_language_of_templates(render: Render, text: str, rendered: str) -> None:
    """Conditions, loops, filters and sums do what Jinja's do."""
    assert render(f"<a>{text}</a>") == f"<a>{rendered}</a>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% if phone %}{% set x = 1 %}{% endif %}{{ x }}", "'x' is undefined"),
        ("{{ uuid }}", "write it as uuid(key)"),
        ("{{ none }}", "NoneType cannot be written"),
        ("{{ [1] }}", "a list cannot be written"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 1 < 'a' }}", "not supported"),
        ("{{ range('a') }}", "whole numbers"),
        ("{{ last_name[99] }}", "there is no item 99"),
        ("{{ 'a' * 3 }}", "is for numbers"),
        ("{% set f = last_name %}{{ f[f] }}", "by their number"),
        ("{{ last_name|replace('', 'x') }}", "something to look for"),
        ("{{ days_ago('x') }}", "a number of days"),
        ("{{ uuid(none) }}", "a number or a text"),
        ("{{ uuid() }}", "missing 1 required"),
        ("{% set uuid = last_name %}{{ uuid(1) }}", "no function"),
    ],
)
def test_what_fails_for_a_patient_says_the_line(render: Render, text: str, says: str) -> None:
    """An expression that cannot be evaluated is an error with the template's line, not a trace."""
    with pytest.raises(BadInput) as failed:
        render(f"<a>\n\n{text}</a>")
    assert says in failed.value.message
    assert failed.value.where == "template, line 3"


def test_line_ends_stay_what_they_were(render: Render) -> None:
    """A template with CRLF makes documents with CRLF, to the last line."""
    assert render("<a>\r\n{{ first_name }}\r\n</a>\r\n") == "<a>\r\nAnna\r\n</a>\r\n"
    assert render("<a>\n{{ first_name }}\n</a>\n") == "<a>\nAnna\n</a>\n"


def test_the_same_arguments_make_the_same_bytes(row: PatientRow, now: datetime) -> None:
    """Rendering has no clock and no chance of its own."""
    one, other = Template.load("ccd-full"), Template.load("ccd-full")
    ids = one.ids(row, seed=7, new_uuid=str)
    assert one.render(row, now=now, ids=ids) == other.render(row, now=now, ids=other.ids(row, seed=7, new_uuid=str))
    assert one.render(row, now=now, ids=ids) != one.render(row, now=now, ids=one.ids(row, seed=8, new_uuid=str))


@pytest.mark.parametrize(
    ("first", "last"),
    [("]]", "><b/>"), ("]", "]><b/>"), ("x]", "]>"), ("]]>", "]]>"), ("?", "><b/>"), ("?>", "?>"), ("-", "-><b/>")],
)
@pytest.mark.parametrize("place", ["<![CDATA[{}]]>", "<![CDATA[]]{}]]>", "<?x {}?>", "<!--{}-->"])
def test_two_values_side_by_side_do_not_end_what_they_stand_in(
    render: Render, place: str, first: str, last: str
) -> None:
    """What ends a CDATA section, a comment or an instruction is not put together from two values."""
    text = place.format("{{ first_name }}{{ last_name }}")
    root = parse(render(f"<a>{text}</a>", first_name=first, last_name=last).encode())
    assert len(root) == 0
    if "CDATA" in place:
        assert (root.text or "").removeprefix("]]" if "[]]" in place else "") == first + last
