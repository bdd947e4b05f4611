"""Whatever a template is, it is judged, not crashed on."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.documents.check import check_source
from ihe_test_util.documents.source import source_of
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput

_PIECES = st.sampled_from([
    "{{ ", " }}", "{% ", " %}", "{#", "#}", "{%- ", " -%}", "first_name", "frist_name", "uuid(1)", "uuid",
    "days_ago(9)", "phone", "loop.index", "loop", "x", "set x = ", "set x", "endset", "if ", "elif ", "else", "endif",
    "for x in ", "range(3)", "endfor", "macro m(x)", "endmacro", "m(", ")", "(", "[", "]", "{", "}", "|upper",
    "|join('-')", "|default('')", " ~ ", " + ", " * ", " ** ", " == ", " is defined", ".__class__", "['a']", "[0]",
    "'text'", "1", "raw", "endraw", "include 'x'", "import 'x' as y", "block b", "endblock", "autoescape false",
    "endautoescape", "with x = 1", "endwith", "<a>", "</a>", "<b c='", "'/>", "<!--", "-->", "<![CDATA[", "]]>",
    "<?pi ", "?>", "&", "<!DOCTYPE a>", "\n", "\r\n", " ", '<ClinicalDocument xmlns="urn:hl7-org:v3">',
    "</ClinicalDocument>", '<?xml version="1.0"?>', "é", "\x01", "\u2028",
])  # fmt: skip


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PIECES, min_size=1, max_size=25).map("".join))
def test_any_text_is_judged(text: str) -> None:
    """A template either loads or is refused, and the report says which; every error has a sentence."""
    if not text.strip():
        return
    report = check_source(source_of(text.encode(), "any.xml"))
    assert all(problem.sentence for problem in report.problems)
    try:
        Template.from_bytes(text.encode())
    except BadInput:
        assert not report.usable


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    """Bytes in no encoding, too."""
    with suppress(BadInput):
        assert check_source(source_of(data, "any.xml")).name == "any.xml"
