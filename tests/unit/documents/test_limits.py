"""Templates that want more than a document needs."""

from collections.abc import Callable

import pytest

from ihe_test_util.documents import sandbox
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput

Render = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% for i in range(1000000000) %}x{% endfor %}", "a range may have"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", "would turn more than"),
        ("{% for i in range(9999) %}" + "x" * 10_000 + "{% endfor %}", "would be larger than"),
        ("{% set x = 'x' * 1000000000 %}", "is for numbers"),
        ("{{ 'x' * 9999999999 }}", "is for numbers"),
        ("{{ 999999999999 * 999999999999 * 2 }}", "is for numbers"),
        ("{% set x = 'xxxxxxxxxx' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}", "a text may have"),
        ("{% set x = 'xxxxxxxxxx' %}" + "{% set x = x + x %}" * 40 + "{{ x }}", "a text may have"),
        ("{% set x = 'xxxxxxxxxx' %}" + "{% set x = x|replace('x', x) %}" * 40 + "{{ x }}", "a text may have"),
        ("{% set x %}xxxxxxxxxx{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40, "would be larger than"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{% macro m0() %}x{% endmacro %}" + "".join(
            f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(40)
        ) + "{{ m40() }}", "would turn more than"),
        ("{% for a in 'x' * 1 %}{% endfor %}", "is for numbers"),
        ("{{ (last_name ~ last_name)|join('x') }}", ""),
    ],
)  # fmt: skip
def test_work_without_end_is_stopped(render: Render, text: str, says: str) -> None:
    """Loops, doublings and recursions end early, with a sentence, and without taking the machine along."""
    if not says:
        assert render(f"<a>{text}</a>", last_name="ab") == "<a>axbxaxb</a>"
        return
    with pytest.raises(BadInput) as failed:
        render(f"<a>{text}</a>")
    assert says in failed.value.message


def test_a_document_of_some_size_is_no_problem(render: Render) -> None:
    """Ten thousand entries are within the limits."""
    assert render("<a>{% for i in range(10000) %}<b>{{ uuid(i) }}</b>{% endfor %}</a>").count("<b>") == 10_000


@pytest.mark.parametrize("place", ["<!-- {} -->", "<![CDATA[{}]]>", "<?x {}?>"])
def test_what_is_written_counts_everywhere(render: Render, place: str) -> None:
    """Values in comments, CDATA sections and processing instructions count like those in text."""
    doublings = "{% set x = 'xxxxxxxxxx' %}" + "{% set x = x ~ x %}" * 15
    loop = "{% for i in range(9999) %}" + place.format("{{ x }}") + "{% endfor %}"
    with pytest.raises(BadInput, match="would be larger than"):
        render(f"<a>{doublings}{loop}</a>")


def test_loops_that_write_nothing_end_in_time(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that no count of characters shows is stopped by the clock."""
    monkeypatch.setattr(sandbox, "MAX_SECONDS", -1)
    with pytest.raises(BadInput, match="would take longer than"):
        render("<a>{% for i in range(3) %}{% if first_name == last_name %}{% endif %}{% endfor %}</a>")


def test_a_template_of_a_million_placeholders_is_refused() -> None:
    """A template that takes gigabytes to compile is refused before that."""
    with pytest.raises(BadInput, match="more than 100,000 placeholders"):
        Template.from_bytes(b"<a>" + b"{{ city }}" * 150_000 + b"</a>")
