"""Where templates run: no files, no attributes, no calls but to what a template is given; bounded in time and size."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import do_capitalize, do_default, do_int, do_title, do_trim
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as _JINJA_TESTS
from markupsafe import Markup

from ihe_test_util.xml.io import xml_text

#: The one function that is no placeholder.
RANGE: Final = "range"
LOOP_ATTRIBUTES: Final = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth"})
LOOP_METHODS: Final = frozenset({"cycle", "changed"})
#: Limits of one document: turns of all loops, characters written or handled, one range, one number, one joined text.
MAX_STEPS: Final = 100_000
MAX_CHARACTERS: Final = 20_000_000
MAX_RANGE: Final = 10_000
MAX_NUMBER: Final = 10**15
MAX_VALUE_CHARACTERS: Final = 1_000_000
#: Far beyond what the other limits let an ordinary template take; it stops loops full of work that writes nothing.
MAX_SECONDS: Final = 30

_STATE: Final = " state"  # no template can spell a name that begins with a blank
#: What compiled templates hand to every call in a loop or block, for functions that want the context.
_COMPILERS_ARGUMENTS: Final = ("_loop_vars", "_block_vars")
_DAY_DIGITS: Final = 8
#: What has to be looked at before it is written: markup, white space that attributes lose, what XML cannot carry.
_NOT_PLAIN: Final = re.compile("[^ !#$%(-;=?-~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
})  # fmt: skip
_DOUBLE_HYPHEN: Final = re.compile("-(?=-|$)")
_NEW_CDATA: Final = "]]><![CDATA["


class LimitExceeded(TemplateRuntimeError):
    """A template wants to do more than a document needs."""


@dataclass(slots=True)
class State:
    """What one rendering has used up, and whether a value had characters that XML cannot carry."""

    steps: int = 0
    characters: int = 0
    replaced: bool = False
    ends: float = field(default_factory=lambda: time.monotonic() + MAX_SECONDS)

    def spend(self, characters: int) -> None:
        """Count characters that are written or handled."""
        self.characters += characters
        if self.characters > MAX_CHARACTERS:
            raise LimitExceeded(f"the document would be larger than {MAX_CHARACTERS:,} characters")

    def step(self, characters: int = 0) -> None:
        """Count a turn of a loop, or a call of a macro, that writes so many characters of its own."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise LimitExceeded(f"the loops of the template would turn more than {MAX_STEPS:,} times")
        if time.monotonic() > self.ends:
            raise LimitExceeded(f"the loops of the template would take longer than {MAX_SECONDS} seconds")
        self.spend(characters)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that templates may call; ``call`` is how it is written."""

    call: str
    do: Callable[..., object]


class _Context(Context):
    """The variables of a rendering, and what writes them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - what Jinja gives
        super().__init__(*args, **kwargs)
        self._state = state_in(self)

    def written(self, value: object) -> str:
        """A value as it stands in text or in an attribute, with all of its white space (XML 1.0, 3.3.3)."""
        state = self._state
        if isinstance(value, Markup):
            text: str = value
        else:
            text = value if type(value) is str else _as_text(value, state)
            # Letters and digits need no search, which costs ten times as much.
            if not text.isalnum() and _NOT_PLAIN.search(text):
                text = _as_text(text, state).translate(_ESCAPES)
        state.characters += len(text)
        if state.characters > MAX_CHARACTERS:
            state.spend(0)
        return text


class _Generator(CodeGenerator):
    """Writes values by ``written`` alone, which escapes them: Jinja's own escape after it would only cost time."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:  # noqa: ARG002 - Jinja's signature
        self.write("context.written(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:  # noqa: ARG002 - Jinja's signature
        self.write(")")


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment without loader, globals or extensions that escapes everything as XML."""

    code_generator_class = _Generator
    context_class = _Context
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self, *, newline: str) -> None:
        super().__init__(
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_by_the_context,
            keep_trailing_newline=True,
            newline_sequence=newline,
            optimized=False,
            cache_size=0,
        )
        self.globals = {RANGE: Function("range(n)", _range)}
        self.filters = {**FILTERS, **_OWN_FILTERS}
        self.tests = dict(TESTS)

    def getattr(self, obj: object, attribute: str) -> object:
        """What is known of a loop; nothing else has attributes."""
        if isinstance(obj, LoopContext) and attribute in LOOP_ATTRIBUTES | LOOP_METHODS:
            return getattr(obj, attribute)
        raise SecurityError(f"there is no attribute {attribute!r}")

    def getitem(self, obj: object, argument: object) -> object:
        """A character of a text, or an item of a list, by its number."""
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()  # noqa: SLF001 - the only way to raise what it stands for
        if not isinstance(obj, str | list | tuple) or not isinstance(argument, int):
            raise SecurityError("only texts and lists have items, by their number")
        try:
            return obj[argument]
        except IndexError:
            return self.undefined(f"there is no item {argument}")

    def call(self, context: Context, obj: object, /, *args: object, **kwargs: object) -> object:  # noqa: ARG002 - Jinja's signature
        """Call a function or macro of the template."""
        for name in _COMPILERS_ARGUMENTS:
            kwargs.pop(name, None)
        if isinstance(obj, Function):
            return obj.do(*args, **kwargs)
        if isinstance(obj, Macro) or (callable(obj) and isinstance(getattr(obj, "__self__", None), LoopContext)):
            return obj(*args, **kwargs)
        raise SecurityError("this is no function")

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        """Arithmetic of numbers; texts can be added."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return joined(context, [left, right])
        for value in (left, right):
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()  # noqa: SLF001 - the only way to raise what it stands for
            if not isinstance(value, int | float) or abs(value) > MAX_NUMBER:
                raise LimitExceeded(f"{operator} is for numbers up to {MAX_NUMBER:,}; ~ joins texts")
        return super().call_binop(context, operator, left, right)


def state_in(context: Context) -> State:
    """The state of the rendering that a context belongs to."""
    found = context.parent[_STATE]
    if not isinstance(found, State):
        raise TypeError("a template is rendered without its state")
    return found


@pass_context
def _by_the_context(context: _Context, value: object) -> str:
    """What the compiler is told of how values are written: not before there is a context."""
    return context.written(value)


def with_state(values: Mapping[str, object], state: State) -> dict[str, object]:
    """The variables of a rendering that begins."""
    return {**values, _STATE: state}


@pass_context
def in_comment(context: Context, value: object) -> Markup:
    """A value as it stands in a comment, which cannot hold two hyphens in a row (XML 1.0, 2.5)."""
    text = _DOUBLE_HYPHEN.sub("- ", _spent_text(context, value))
    return Markup(f" {text}" if text.startswith("-") else text)  # noqa: S704 - comments know no escape


@pass_context
def in_cdata(context: Context, value: object) -> Markup:
    """A value as it stands in a CDATA section (XML 1.0, 2.7), whatever stands before and after it."""
    text = _spent_text(context, value).replace("]]>", f"]]{_NEW_CDATA}>")
    # What ends the section may also begin or end in another value.
    before = _NEW_CDATA if text.startswith((">", "]>")) else ""
    after = _NEW_CDATA if text.endswith("]") else ""
    return Markup(f"{before}{text}{after}")  # noqa: S704 - its only escape


@pass_context
def in_instruction(context: Context, value: object) -> Markup:
    """A value as it stands in a processing instruction (XML 1.0, 2.6), whatever stands before and after it."""
    text = _spent_text(context, value).replace("?>", "? >")
    before, after = " " * text.startswith(">"), " " * text.endswith("?")
    return Markup(f"{before}{text}{after}")  # noqa: S704 - it knows no escape


@pass_context
def counted(context: Context, items: Iterable[object], characters: int) -> Iterator[object]:
    """The items of a loop whose body has so many characters of its own."""
    state = state_in(context)
    for item in items:
        state.step(characters)
        yield item


@pass_context
def spent(context: Context, characters: int) -> Markup:
    """Nothing, at the beginning of a macro whose body has so many characters of its own."""
    state_in(context).step(characters)
    return Markup()


@pass_context
def joined(context: Context, items: Sequence[object], separator: str = "") -> str:
    """Texts one after the other; what is markup already stays it."""
    state = state_in(context)
    whole = Markup if any(isinstance(item, Markup) for item in items) else str
    texts = [item if isinstance(item, Markup) else _as_text(item, state) for item in items]
    size = sum(map(len, texts)) + len(separator) * len(texts)
    if size > MAX_VALUE_CHARACTERS:
        raise LimitExceeded(f"a text may have {MAX_VALUE_CHARACTERS:,} characters")
    state.spend(size)
    return whole(separator).join(texts)


def _spent_text(context: Context, value: object) -> str:
    state = state_in(context)
    text = _as_text(value, state)
    state.spend(len(text))
    return text


def _as_text(value: object, state: State) -> str:
    if isinstance(value, str):
        text = xml_text(value)
        if text != value:
            state.replaced = True
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - the only way to raise what it stands for
    if isinstance(value, Function):
        raise TemplateRuntimeError(f"this is a function: write it as {value.call}")
    raise TemplateRuntimeError(f"a {type(value).__name__} cannot be written into a document")


def _range(*limits: object) -> range:
    numbers = [limit for limit in limits if isinstance(limit, int)]
    if len(numbers) < len(limits) or not 1 <= len(numbers) <= 3:  # noqa: PLR2004 - as Python's own
        raise TemplateRuntimeError("range takes one to three whole numbers")
    found = range(*numbers)
    if len(found) > MAX_RANGE:
        raise LimitExceeded(f"a range may have {MAX_RANGE:,} numbers")
    return found


def _replaced(value: str, old: str, new: str) -> str:
    if not old:
        raise TemplateRuntimeError("replace needs something to look for")
    if len(value) + value.count(old) * len(new) > MAX_VALUE_CHARACTERS:
        raise LimitExceeded(f"a text may have {MAX_VALUE_CHARACTERS:,} characters")
    return value.replace(old, new)


def _truncated(value: str, length: int = 255, end: str = "…") -> str:
    return value if len(value) <= length else value[: max(0, length - len(end))] + end


def _iso_date(value: str) -> str:
    """YYYYMMDD as YYYY-MM-DD; anything else as it is."""
    is_day = len(value) == _DAY_DIGITS and value.isascii() and value.isdigit()
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if is_day else value


def _charged(do: Callable[..., object]) -> Callable[..., object]:
    """A filter that counts what it is given, and what comes of a text is a text."""

    @pass_context
    def filtered(context: Context, value: object, *args: object, **kwargs: object) -> object:
        if isinstance(value, str):
            state_in(context).spend(len(value))
        elif isinstance(value, Undefined) and do is not do_default:
            value._fail_with_undefined_error()  # noqa: SLF001 - the only way to raise what it stands for
        return do(value, *args, **kwargs)

    return filtered


def _of_text(do: Callable[..., object]) -> Callable[..., object]:
    def filtered(value: object, *args: object, **kwargs: object) -> object:
        text = value if isinstance(value, str) else str(value)
        return do(text, *args, **kwargs)

    return _charged(filtered)


#: The filters that templates may use.
FILTERS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        "capitalize": _of_text(do_capitalize),
        "count": _charged(len),
        "d": _charged(do_default),
        "default": _charged(do_default),
        "digits": _of_text(lambda text: "".join(character for character in text if character in "0123456789")),
        "e": _charged(lambda value: value),  # everything is escaped when it is written
        "escape": _charged(lambda value: value),
        "int": _charged(do_int),
        "iso_date": _of_text(_iso_date),
        "join": joined,
        "length": _charged(len),
        "lower": _of_text(str.lower),
        "replace": _of_text(_replaced),
        "string": _of_text(str),
        "title": _of_text(do_title),
        "trim": _of_text(do_trim),
        "truncate": _of_text(_truncated),
        "upper": _of_text(str.upper),
    }
)
#: Those that only the compiler uses: no template can spell a filter with a blank.
COUNTED, SPENT, JOINED, IN_COMMENT, IN_CDATA, IN_INSTRUCTION = (
    " counted", " spent", " joined", " comment", " cdata", " instruction",
)  # fmt: skip
_OWN_FILTERS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        COUNTED: counted,
        SPENT: spent,
        JOINED: joined,
        IN_COMMENT: in_comment,
        IN_CDATA: in_cdata,
        IN_INSTRUCTION: in_instruction,
    }
)
_TEST_NAMES: Final = (
    "defined", "undefined", "none", "string", "number", "odd", "even", "divisibleby", "in",
    "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<", "gt", "greaterthan", ">", "le", "<=", "ge", ">=",
)  # fmt: skip
#: The tests that templates may use.
TESTS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {name: cast("Callable[..., Any]", _JINJA_TESTS[name]) for name in _TEST_NAMES}
)
