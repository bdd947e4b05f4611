"""Templates that want more than a document needs."""

from collections.abc import Callable

import pytest

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
