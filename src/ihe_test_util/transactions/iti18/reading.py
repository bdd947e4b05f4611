"""From the slots of a query to what they ask for, and everything that is wrong with them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.catalogue import StoredQuery
from ihe_test_util.domain.registry.queries.criteria import ALL_VERSIONS, FIRST_LEVEL, Criteria
from ihe_test_util.domain.registry.queries.matching import composed
from ihe_test_util.domain.registry.queries.parameters import Form, Parameter
from ihe_test_util.domain.xds.datatypes import is_cx, is_dtm, is_uuid_urn
from ihe_test_util.domain.xds.metadata import Code
from ihe_test_util.settings.words import nearest
from ihe_test_util.transactions.card import NOTHING, Miss
from ihe_test_util.transactions.iti18.syntax import MAX_VALUE, QUOTES, Values, read_code, read_values
from ihe_test_util.transactions.xds.base import shown
from ihe_test_util.xml.ebrim import Slot

QUERY: Final = "/AdhocQueryRequest/AdhocQuery"
#: A slot of older peers that held the coding scheme of another one's codes; codes bring their own today.
_SCHEME: Final = "Scheme"
#: Of each thing that is wrong this many places are told; a message may hold half a million.
_TOLD: Final = 200


class Fault(StrEnum):
    """What can be wrong with parameters; each is a rule."""

    MISSING = "missing"
    CHOICE = "choice"
    SEVERAL = "several"
    REPEATED = "repeated"
    UNREADABLE = "unreadable"
    NO_CODE = "no code"
    NO_TIME = "no time"
    NO_NUMBER = "no number"
    FORM = "form"
    CODE_FORM = "code form"
    TOO_LONG = "too long"
    IDENTIFIER = "identifier"
    UNKNOWN = "unknown"
    IGNORED = "ignored"


class Problem(NamedTuple):
    """One thing that is wrong, and where."""

    fault: Fault
    miss: Miss


class Placed(NamedTuple):
    """A value, and where it stands."""

    path: str
    text: str


class Given(NamedTuple):
    """A slot with its position among its siblings, and its values as they were read."""

    path: str
    slot: Slot
    values: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What parameters ask for, as far as they can be read, and what is wrong with them."""

    criteria: Criteria = field(default_factory=Criteria)
    problems: tuple[Problem, ...] = ()

    def misses(self, fault: Fault) -> list[Miss]:
        """Where one thing is wrong."""
        return [problem.miss for problem in self.problems if problem.fault is fault]


def read_criteria(query: StoredQuery, slots: Sequence[Slot]) -> Reading:
    """Read the slots of a query; what cannot be read is left out and told."""
    reader = _Reader(query)
    for position, slot in enumerate(slots, start=1):
        reader.take(Given(f"{QUERY}/Slot[{position}]", slot, tuple(read_values(value) for value in slot.values)))
    reader.check_presence()
    return Reading(
        Criteria(
            {name: tuple(groups) for name, groups in reader.texts.items()},
            {name: tuple(groups) for name, groups in reader.codes.items()},
            reader.level,
        ),
        tuple(reader.problems),
    )


class _Reader:
    """Goes through the slots of one query once."""

    def __init__(self, query: StoredQuery) -> None:
        self.query = query
        self.parameters: Mapping[str, Parameter] = {one.name: one for one in query.parameters}
        self.texts: dict[str, list[tuple[str, ...]]] = {}
        self.codes: dict[str, list[tuple[Code, ...]]] = {}
        self.level = FIRST_LEVEL
        self.problems: list[Problem] = []
        self.told: Counter[Fault] = Counter()
        self.seen: set[str] = set()

    def take(self, given: Given) -> None:
        """Read one slot."""
        name = given.slot.name
        parameter = self.parameters.get(name)
        if parameter is None:
            self._unknown(given)
            return
        if name in self.seen and not parameter.conjunctive:
            fault, want = (Fault.REPEATED, "one slot with all values") if parameter.listed else (Fault.SEVERAL, "one")
            self._tell(fault, given, f"{name} again", want)
        self.seen.add(name)
        literals = self._literals(given, parameter)
        if parameter.listed:
            self._listed(given, parameter, literals)
        elif literals:
            self._single(given, parameter, literals)

    def check_presence(self) -> None:
        """Tell of what is required and not there."""
        for parameter in self.query.parameters:
            if parameter.required and parameter.name not in self.seen:
                self._absent(parameter.name, parameter.says)
        for choice in self.query.choices:
            found = [name for name in choice if name in self.seen]
            if not found:
                self._absent(" or ".join(choice), "one of these")
            self._at_most_one(found)
        if self.query.selective and self.seen.isdisjoint(self.query.selective):
            self._absent(" or ".join(self.query.selective), "one of these at least")
        for exclusion in self.query.exclusions:
            self._at_most_one([name for name in exclusion if name in self.seen])

    def _literals(self, given: Given, parameter: Parameter) -> list[Placed]:
        found: list[Placed] = []
        if not given.values:
            self._tell(Fault.UNREADABLE, given, "no Value", "a value")
        for position, (text, values) in enumerate(zip(given.slot.values, given.values, strict=True), start=1):
            path = f"{given.path}/ValueList/Value[{position}]"
            if len(text) > MAX_VALUE:
                want = f"at most {MAX_VALUE} characters; a list may be split over several Values"
                self._tell(Fault.TOO_LONG, given, f"{len(text)} characters", want, path)
            problem = values.problem or _unquoted(parameter, values)
            if problem:
                self._tell(Fault.UNREADABLE, given, shown(text), problem, path)
                continue
            for want in _other_form(parameter, values):
                self._tell(Fault.FORM, given, shown(text), want, path)
            found += [Placed(path, literal.text) for literal in values.literals]
        return found

    def _listed(self, given: Given, parameter: Parameter, literals: Sequence[Placed]) -> None:
        if parameter.form is Form.CODES:
            self.codes.setdefault(parameter.name, []).append(tuple(self._read_codes(given, literals)))
            return
        if parameter.closed:
            literals = self._understood(given, parameter, literals)
            if not literals:
                self.seen.discard(parameter.name)
                return
        self._check_uuids(given, parameter, literals)
        self._check_patients(given, parameter, literals)
        self.texts.setdefault(parameter.name, []).append(tuple(composed(literal.text) for literal in literals))

    def _single(self, given: Given, parameter: Parameter, literals: Sequence[Placed]) -> None:
        if len(literals) > 1:
            self._tell(Fault.SEVERAL, given, f"{len(literals)} values", "one")
        path, text = literals[0]
        match parameter.form:
            case Form.TIME if not is_dtm(text):
                self._tell(Fault.NO_TIME, given, shown(text), "YYYY[MM[DD[hh[mm[ss]]]]] in UTC", path)
                return
            case Form.NUMBER:
                self._read_level(given, literals[0])
                return
            case Form.TEXT:
                self._check_uuids(given, parameter, literals[:1])
                self._check_patients(given, parameter, literals[:1])
            case _:
                pass
        self.texts.setdefault(parameter.name, []).append((composed(text),))

    def _read_codes(self, given: Given, literals: Iterable[Placed]) -> Iterable[Code]:
        for path, text in literals:
            code = read_code(text)
            if code is None:
                self._tell(Fault.NO_CODE, given, shown(text), "code^^scheme", path)
                continue
            if code.display:
                self._tell(Fault.CODE_FORM, given, shown(text), f"{code.code}^^{code.scheme}", path)
            yield Code(composed(code.code), composed(code.scheme))

    def _read_level(self, given: Given, literal: Placed) -> None:
        path, text = literal
        if text in (str(FIRST_LEVEL), str(ALL_VERSIONS)):
            self.level = int(text)
        else:
            self._tell(Fault.NO_NUMBER, given, shown(text), f"{FIRST_LEVEL} or {ALL_VERSIONS}", path)

    def _understood(self, given: Given, parameter: Parameter, literals: Sequence[Placed]) -> list[Placed]:
        known = dict(parameter.vocabulary)
        for path, text in literals:
            if text not in known.values():
                want = known.get(text.lower()) or " or ".join(known.values())
                self._tell(Fault.IGNORED, given, shown(text), want, path)
        return [literal for literal in literals if literal.text in known.values()]

    def _check_uuids(self, given: Given, parameter: Parameter, literals: Iterable[Placed]) -> None:
        if parameter.name == names.UUID or parameter.name.endswith((names.ENTRY_UUID, names.LOGICAL_ID)):
            for path, text in literals:
                if not is_uuid_urn(text):
                    self._tell(Fault.IDENTIFIER, given, shown(text), "urn:uuid: and a UUID in lower case", path)

    def _check_patients(self, given: Given, parameter: Parameter, literals: Iterable[Placed]) -> None:
        if parameter.name in names.PATIENT_IDS:
            for path, text in literals:
                if not is_cx(text):
                    self._tell(Fault.IDENTIFIER, given, shown(text), "id^^^&OID&ISO", path)

    def _unknown(self, given: Given) -> None:
        name = given.slot.name
        if name.endswith(_SCHEME) and self._is_coded(name.removesuffix(_SCHEME)):
            return
        if self.told[Fault.UNKNOWN] >= _TOLD:
            return  # finding the nearest name takes long
        want = f"a parameter of {self.query.title}{nearest(name, self.parameters)}"
        self._tell(Fault.UNKNOWN, given, shown(name), want)

    def _is_coded(self, name: str) -> bool:
        parameter = self.parameters.get(name)
        return parameter is not None and parameter.form is Form.CODES

    def _at_most_one(self, found: Sequence[str]) -> None:
        if len(found) > 1:
            self.problems.append(Problem(Fault.CHOICE, Miss(QUERY, " and ".join(found), "one of them")))

    def _absent(self, name: str, says: str) -> None:
        self.problems.append(Problem(Fault.MISSING, Miss(f"{QUERY}/Slot", NOTHING, f"{name} ({says})")))

    def _tell(self, fault: Fault, given: Given, got: str, want: str, path: str = "") -> None:
        self.told[fault] += 1
        if self.told[fault] > _TOLD:
            return
        name = given.slot.name
        told = got if name in got else f"{name} {got}"
        self.problems.append(Problem(fault, Miss(path or given.path, told, want)))


def _is_quoted(parameter: Parameter) -> bool:
    return parameter.form not in (Form.TIME, Form.NUMBER)


def _unquoted(parameter: Parameter, values: Values) -> str:
    """What should stand in place of a text that has no quotes; a number may be meant as a text."""
    texts = [literal.text for literal in values.literals if not literal.quoted]
    return QUOTES if _is_quoted(parameter) and not all(map(str.isdecimal, texts)) else ""


def _other_form(parameter: Parameter, values: Values) -> Iterator[str]:
    """How a value should be written that can be read all the same."""
    quoted = _is_quoted(parameter)
    if any(literal.quoted is not quoted for literal in values.literals):
        yield "single quotes" if quoted else "no quotes"
    if values.listed is not parameter.listed:
        yield "a list in parentheses" if parameter.listed else "a value without parentheses"
