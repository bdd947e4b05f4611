"""Who is who: identifiers of one person, and patients by their demographics."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from ihe_test_util.domain.matching import day_of, fits, normalized
from ihe_test_util.domain.patients import CrossReferencing, NameSought, Patient, Sought
from ihe_test_util.store.database import SqlValue
from ihe_test_util.store.engine import Connection
from ihe_test_util.store.patient_rows import TOLD, patient_of
from ihe_test_util.xml.hl7v3 import II

Key: TypeAlias = tuple[str, str]
_Told: TypeAlias = tuple[str, str, str]

#: As many identifiers of one person are told at most.
MOST_IDENTIFIERS: Final = 1000
_YEAR_DIGITS: Final = 4

_KNOWN: Final = "SELECT family, given, birth_time, gender, merged_into FROM patients WHERE root = ? AND extension = ?"
_ALIKE: Final = (
    "SELECT root, extension FROM patients WHERE family = ? AND given = ?"
    " AND substr(birth_time, 1, 8) = ? AND gender = ? AND merged_into = '' LIMIT ?"
)
_FED_TOGETHER: Final = (
    "SELECT other_root, other_extension FROM patient_links WHERE root = ? AND extension = ?",
    "SELECT root, extension FROM patient_links WHERE other_root = ? AND other_extension = ?",
)
_BY_ID: Final = f"SELECT {TOLD} FROM patients WHERE root = ? AND extension = ? AND merged_into = ''"  # noqa: S608 - our own
_BY_OTHER_ID: Final = (
    f"SELECT {TOLD} FROM patients p JOIN patient_links l ON p.root = l.root AND p.extension = l.extension"  # noqa: S608 - our own
    " WHERE l.other_root = ? AND l.other_extension = ? AND p.merged_into = ''"
)
_HERE: Final = "position = 0 AND merged_into = ''"
_PIECE: Final = 500


def corresponding_ids(connection: Connection, start: II, rule: CrossReferencing) -> tuple[II, ...] | None:
    """The other identifiers of a person; None where the one that is asked about is not known, or has ended."""
    search = _Search(connection, rule)
    first = (start.root, start.extension)
    if not search.knows(first):
        return None
    return tuple(II(*key) for key in sorted(search.all_from(first)) if key != first)


class _Search:
    """A walk from identifier to identifier, as far as it goes."""

    def __init__(self, connection: Connection, rule: CrossReferencing) -> None:
        self._connection = connection
        self._by_demographics = rule.by_demographics
        self._links: dict[Key, list[Key]] = {}
        for link in rule.links:
            keys = [(one.root, one.extension) for one in link]
            for key in keys:
                self._links.setdefault(key, []).extend(keys)
        self._persons: set[tuple[str, ...]] = set()

    def knows(self, key: Key) -> bool:
        """Whether an identifier is in use: it was fed, fed along with another one, or is linked by configuration."""
        row = self._connection.execute(_KNOWN, key).fetchone()
        if row is not None:
            return not row[4]
        return key in self._links or any(
            self._connection.execute(statement, key).fetchone() is not None for statement in _FED_TOGETHER
        )

    def all_from(self, first: Key) -> set[Key]:
        """Every identifier that can be reached, the first among them."""
        seen: set[Key] = set()
        visited: set[Key] = set()
        waiting = [first]
        while waiting and len(seen) < MOST_IDENTIFIERS:
            key = waiting.pop()
            if key in visited:
                continue
            visited.add(key)
            waiting += self._links.get(key, ())
            for statement in _FED_TOGETHER:
                waiting += self._connection.execute(statement, key)
            row = self._connection.execute(_KNOWN, key).fetchone()
            merged_into = II.from_cx(row[4]) if row is not None and row[4] else None
            if merged_into is not None:
                waiting.append((merged_into.root, merged_into.extension))
                continue
            seen.add(key)
            if row is not None and self._by_demographics:
                waiting += self._alike(*row[:4])
        return seen

    def _alike(self, family: str, given: str, birth_time: str, gender: str) -> Iterator[Key]:
        person = (family, given, day_of(birth_time), gender)
        if not all(person) or person in self._persons:
            return iter(())
        self._persons.add(person)
        return iter(self._connection.execute(_ALIKE, (*person, MOST_IDENTIFIERS)))


def found_patients(connection: Connection, sought: Sought, limit: int) -> tuple[Patient, ...]:
    """The patients who fit, at most so many, in the order of their first identifiers."""
    found: dict[Key, Patient] = {}
    for rows in _candidates(connection, sought):
        here = 0
        for row in rows:
            patient = patient_of(*row)
            first = patient.identifiers[0]
            key = (first.root, first.extension)
            if key not in found and fits(patient, sought):
                found[key] = patient
                here += 1
                if here == limit:
                    break
    return tuple(found[key] for key in sorted(found)[:limit])


def _candidates(connection: Connection, sought: Sought) -> Iterator[Iterator[_Told]]:
    if sought.identifiers:
        for one in sought.identifiers:
            for statement in (_BY_ID, _BY_OTHER_ID):
                yield iter(connection.execute(statement, (one.root, one.extension)))
        return
    conditions: list[str] = []
    values: list[SqlValue] = []
    if sought.gender:
        conditions.append("gender = ?")
        values.append(sought.gender)
    if sought.births:
        # Years only: how precisely somebody's birth is known is looked at afterwards.
        conditions.append(_any_of(["substr(birth_time, 1, 4) BETWEEN ? AND ?"] * len(sought.births)))
        for low, high in sought.births:
            values += (low[:_YEAR_DIGITS], high[:_YEAR_DIGITS] or "9999")
    if not sought.names:
        yield _all(connection, conditions, values)
        return
    for name in sought.names:
        by_name, its_values = _by_name(name)
        yield _all(connection, [*conditions, *by_name], [*values, *its_values])
        further = [*conditions, "further_names > ''", "further_names LIKE ? ESCAPE '!'"]
        pattern = f"%{_pattern(normalized(name.family))}%^{_pattern(normalized(name.given))}%"
        # Unsorted, for SQLite would go through everybody in their order rather than through the few of the index.
        told = f"SELECT {TOLD} FROM patients WHERE {_HERE}{_where(further)}"  # noqa: S608 - our own names
        yield iter(connection.execute(told, [*values, pattern]))


def _all(connection: Connection, conditions: list[str], values: list[SqlValue]) -> Iterator[_Told]:
    # In pieces, for a whole registry does not fit into memory.
    columns = f"SELECT root, extension, {TOLD} FROM patients WHERE {_HERE}"  # noqa: S608 - our own names
    statement = f"{columns}{_where([*conditions, '(root, extension) > (?, ?)'])} ORDER BY root, extension LIMIT ?"
    last: tuple[SqlValue, ...] = ("", "")
    while last:
        rows = connection.execute(statement, [*values, *last, _PIECE]).fetchall()
        yield from (row[2:] for row in rows)
        last = rows[-1][:2] if len(rows) == _PIECE else ()


def _where(conditions: list[str]) -> str:
    return "".join(f" AND {condition}" for condition in conditions)


def _by_name(name: NameSought) -> tuple[list[str], list[SqlValue]]:
    conditions: list[str] = []
    values: list[SqlValue] = []
    family, given = normalized(name.family), normalized(name.given)
    if family:
        wild = "*" in family
        conditions.append("family LIKE ? ESCAPE '!'" if wild else "family = ?")
        values.append(_pattern(family) if wild else family)
    if given:  # the first of several, or all of them
        conditions.append("given LIKE ? ESCAPE '!'")
        values.append(f"{_pattern(given)}%")
    return conditions, values


def _any_of(conditions: list[str]) -> str:
    return f"({' OR '.join(conditions)})"


def _pattern(text: str) -> str:
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return text.replace("*", "%")
