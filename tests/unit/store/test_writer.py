"""How rows become statements."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_test_util.store.writer import Insert

#: A machine that does other work as well is no failure.
_AT_EASE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PLAIN = Insert("t", ("a", "b"))
_KEYED = Insert("t", ("a", "b"), key=("a",))
_HEAVY = Insert("t", ("a", "b"), heavy=(1,))


@_AT_EASE
@given(st.lists(st.tuples(st.integers(), st.binary(max_size=10)), min_size=1, max_size=200))
def test_every_row_is_inserted_once_and_in_order(rows: list[tuple[int, bytes]]) -> None:
    """However rows are cut into statements, each is there, and each statement has a mark for each value."""
    for insert in (_PLAIN, _HEAVY):
        values = []
        for sql, some in insert.statements(rows):
            assert sql.count("?") == len(some)
            values += some
        assert values == [value for row in rows for value in row]


@_AT_EASE
@given(st.lists(st.tuples(st.integers(0, 5), st.integers()), min_size=1, max_size=50))
def test_of_rows_with_one_key_the_last_stays(rows: list[tuple[int, int]]) -> None:
    """A batch may hold several feeds of one patient; a statement must not (PostgreSQL refuses it)."""
    values = [value for _, some in _KEYED.statements(rows) for value in some]
    assert dict(zip(values[::2], values[1::2], strict=True)) == dict(rows)
    assert len(values) == 2 * len(dict(rows))


def test_a_statement_holds_few_large_values() -> None:
    """What is bound to a prepared statement stays in memory: half a MiB at most, or a single row."""
    rows = [(number, bytes(200_000)) for number in range(10)] + [(10, bytes(2_000_000))]
    sizes = [sum(len(value) for value in some if isinstance(value, bytes)) for _, some in _HEAVY.statements(rows)]
    assert sizes == [400_000] * 5 + [2_000_000]


def test_an_upsert_changes_all_but_the_key() -> None:
    """A known key gets the new values."""
    (sql, _) = next(iter(_KEYED.statements([(1, 2)])))
    assert sql.endswith("ON CONFLICT (a) DO UPDATE SET b=excluded.b")
