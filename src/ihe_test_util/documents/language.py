"""What a template may say: placeholders, conditions, loops and a few filters. Everything else is refused with its line.

The language is that of Jinja, cut down to what has no way to files, to Python's objects, or to unbounded work. It is
decided here, on the syntax tree, before anything runs; ``sandbox`` enforces the same once more while it runs.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Final

from jinja2 import nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateSyntaxError

from ihe_test_util.documents.placeholders import PLACEHOLDERS, Group, Placeholder
from ihe_test_util.documents.problems import TemplateProblem, column_in
from ihe_test_util.documents.sandbox import FILTERS, LOOP_ATTRIBUTES, LOOP_METHODS, RANGE, TESTS

_FUNCTIONS: Final = frozenset(name for name, one in PLACEHOLDERS.items() if one.group is Group.FUNCTION) | {RANGE}
#: Names that other tools and standards use, where the nearest by letters would be another.
_ALIASES: Final = MappingProxyType(
    {
        "birth_date": "birth_time",
        "birthdate": "birth_time",
        "date_of_birth": "birth_time",
        "document_oid": "document_id",
        "effective_time": "creation_time",
        "family_name": "last_name",
        "given_name": "first_name",
        "patient_name": "full_name",
        "patient_oid": "patient_id_oid",
        "postal_code": "zip",
        "sex": "gender_code",
        "street": "address",
        "surname": "last_name",
        "telephone": "phone_uri",
        "timestamp": "creation_time",
        "unique_id": "document_id",
        "zip_code": "zip",
    }
)
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Tuple, nodes.List, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Assign, nodes.AssignBlock, nodes.With,
    nodes.Macro, nodes.Getitem, nodes.Slice, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Neg, nodes.Pos, nodes.Concat, nodes.Keyword, nodes.For, nodes.Name, nodes.Filter, nodes.Test, nodes.Call,
)  # fmt: skip
_OTHER_FILES: Final = "a template stands alone and cannot read other files"
_REFUSED: Final = MappingProxyType(
    {
        nodes.Include: ("{% include %}", _OTHER_FILES),
        nodes.Import: ("{% import %}", _OTHER_FILES),
        nodes.FromImport: ("{% from … import %}", _OTHER_FILES),
        nodes.Extends: ("{% extends %}", _OTHER_FILES),
        nodes.Block: ("{% block %}", "it belongs to templates that extend others; leave the tags out"),
        nodes.Scope: ("autoescape", "values are always escaped as XML"),
        nodes.Pow: ("**", "there is no need for powers in a document"),
        nodes.CallBlock: ("{% call %}", "call the macro in {{ }}"),
        nodes.FilterBlock: ("{% filter %}", "apply the filter in {{ }}"),
    }
)
_REFUSED_FILTERS: Final = MappingProxyType({
    "safe": "values are always escaped as XML",
    "attr": "values have no attributes",
    "map": "write a {% for %} loop",
    "random": "documents are reproducible; uuid('…') gives an identifier",
    "tojson": "values are always escaped as XML",
    "xmlattr": "write the attribute, with its value in quotes",
})  # fmt: skip
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: A document type declaration, and before it in the alternation what may contain its letters without being one.
_DOCTYPE: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|\{#.*?#\}|(?P<doctype><!DOCTYPE)", re.DOTALL)
#: What Jinja counts as the end of a line; str.splitlines knows more.
_LINE_END: Final = re.compile("\r\n|\r|\n")
_SHOWN: Final = 60
_MAX_DEPTH: Final = 100
#: Of placeholders, tags and all that is in them: compiling takes 9 kB of memory for each.
_MAX_NODES: Final = 100_000


def syntax_tree(environment: Environment, text: str) -> tuple[nodes.Template | None, list[TemplateProblem]]:
    """The syntax tree of a template, and what is wrong with it as text; None where it cannot be read."""
    problems = list(_text_problems(text))
    try:
        return _bounded(environment.parse(text)), problems
    except TemplateSyntaxError as error:
        hint = "{% raw %} … {% endraw %} keeps braces that are no placeholder" if "{#" in text or "{%" in text else ""
        sentence = f"the template's own syntax is wrong: {(error.message or str(error)).rstrip('.')}"
        problems.append(TemplateProblem("syntax", sentence, error.lineno, hint=hint))
    except RecursionError:
        problems.append(TemplateProblem("syntax", f"it is nested too deeply, over {_MAX_DEPTH} levels"))
    return None, problems


def judged(tree: nodes.Template, text: str) -> tuple[tuple[Placeholder, ...], list[TemplateProblem]]:
    """The placeholders of a template in the order of the first use, and all that it says without being allowed to."""
    judge = _Judge(tree, text)
    judge.visit(tree)
    used = tuple(
        Placeholder(name, tuple(dict.fromkeys(lines)), PLACEHOLDERS.get(name)) for name, lines in judge.used.items()
    )
    return used, judge.problems


def _bounded(tree: nodes.Template) -> nodes.Template:
    """A syntax tree that every later step can go down by recursion."""
    level: list[nodes.Node] = [tree]
    count = 0
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
        count += len(level)
        if not level:
            return tree
        if count > _MAX_NODES:
            raise TemplateSyntaxError(f"it has more than {_MAX_NODES:,} placeholders, tags and parts of them", 1)
    raise RecursionError


def _text_problems(text: str) -> Iterator[TemplateProblem]:
    found = _NOT_IN_XML.search(text)
    if found:
        line, column = column_in(text, found.start())
        sentence = "XML cannot carry a control character"
        yield TemplateProblem("control-character", sentence, line, column, got=f"U+{ord(found[0]):04X}")
    doctype = next((match for match in _DOCTYPE.finditer(text) if match["doctype"]), None)
    if doctype:
        line, column = column_in(text, doctype.start())
        yield TemplateProblem(
            "doctype",
            "the template has a document type declaration; receivers refuse it, since its entities are a way to read"
            " files and to exhaust memory",
            line,
            column,
            hint="leave the DOCTYPE out, and write characters instead of entities",
        )


class _Judge:
    """Goes through a syntax tree once."""

    def __init__(self, tree: nodes.Template, text: str) -> None:
        self.problems: list[TemplateProblem] = []
        self.used: dict[str, list[int]] = {}
        self._lines = _LINE_END.split(text)
        stored = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
        self._macros = {macro.name for macro in tree.find_all(nodes.Macro)}
        self._own = stored | self._macros
        self._loops = 0

    def visit(self, node: nodes.Node) -> None:
        """Judge a node and what is in it."""
        match node:
            case nodes.Name():
                self._name(node)
            case nodes.Getattr():
                self._attribute(node)
            case nodes.Getitem():
                self._item(node)
            case nodes.Call():
                self._call(node)
            case nodes.Filter():
                self._filter(node)
            case nodes.Test():
                self._test(node)
            case nodes.For():
                self._for(node)
            case _ if isinstance(node, _ALLOWED):
                self._children(node)
            case _:
                kind = type(node)
                shown, why = _REFUSED.get(kind, (kind.__name__, "a template has placeholders, conditions and loops"))
                self._refuse("not-allowed", f"{shown} is not allowed: {why}", node, shown)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self.visit(child)

    def _name(self, node: nodes.Name) -> None:
        if node.ctx != "load":
            return
        name = node.name
        if name in PLACEHOLDERS:
            self.used.setdefault(name, []).append(node.lineno)
        if name in PLACEHOLDERS or name in self._own or name == RANGE or (name == "loop" and self._loops):
            return
        self.used.setdefault(name, []).append(node.lineno)
        self._refuse(
            "unknown-placeholder", f"there is no placeholder {name!r}", node, name, hint=nearest_placeholder(name)
        )

    def _attribute(self, node: nodes.Getattr) -> None:
        base = node.node
        if isinstance(base, nodes.Name) and base.name == "loop" and self._loops and node.attr in LOOP_ATTRIBUTES:
            return
        self._no_part(node, node.attr)

    def _item(self, node: nodes.Getitem) -> None:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            self._no_part(node, node.arg.value)
        else:
            self._children(node)

    def _no_part(self, node: nodes.Node, part: str) -> None:
        hint = (
            f"write {{{{ {part} }}}}" if part in PLACEHOLDERS else "filters change values, as in {{ last_name|upper }}"
        )
        shown = part[:_SHOWN]
        self._refuse("no-attributes", f"placeholders have no parts and no methods: {shown!r}", node, part, hint=hint)

    def _call(self, node: nodes.Call) -> None:
        target = node.node
        if isinstance(target, nodes.Getattr):
            base = target.node
            if not (isinstance(base, nodes.Name) and base.name == "loop" and target.attr in LOOP_METHODS):
                self._attribute(target)
                return
        elif not isinstance(target, nodes.Name) or target.name not in _FUNCTIONS | self._macros:
            called = target.name if isinstance(target, nodes.Name) else "this"
            sentence = f"{called} is no function"
            self._refuse("no-function", sentence, node, called, hint=f"functions: {', '.join(sorted(_FUNCTIONS))}")
            return
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._refuse("not-allowed", "*arguments and **arguments are not allowed", node, "*")
        for part in (*([target] if isinstance(target, nodes.Name) else ()), *node.args, *node.kwargs):
            self.visit(part)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            reason = _REFUSED_FILTERS.get(node.name, "")
            sentence = f"the filter {node.name!r} is not allowed: {reason}" if reason else f"no filter {node.name!r}"
            hint = "" if reason else _near(node.name, FILTERS)
            self._refuse("unknown-filter", sentence, node, node.name, hint=hint)
        self._children(node)

    def _test(self, node: nodes.Test) -> None:
        if node.name not in TESTS:
            self._refuse("unknown-test", f"no test {node.name!r}", node, node.name, hint=_near(node.name, TESTS))
        self._children(node)

    def _for(self, node: nodes.For) -> None:
        if node.recursive:
            self._refuse("not-allowed", "a recursive loop is not allowed", node, "recursive")
        self._loops += 1
        self._children(node)
        self._loops -= 1

    def _refuse(self, rule: str, sentence: str, node: nodes.Node, shown: str, *, hint: str = "") -> None:
        number: int | None = node.lineno  # Jinja's own types do not say that {% autoescape %} has none
        pattern = re.compile(rf"(?<!\w){re.escape(shown)}(?!\w)")
        if number is None:
            number = next((at for at, line in enumerate(self._lines, start=1) if pattern.search(line)), None)
        found = pattern.search(self._lines[number - 1]) if number and number <= len(self._lines) else None
        problem = TemplateProblem(rule, sentence, number, found.start() + 1 if found else None, hint=hint)
        if problem not in self.problems:
            self.problems.append(problem)


def nearest_placeholder(name: str) -> str:
    """What may have been meant by a placeholder that does not exist."""
    if name.lower() in _ALIASES:
        return f"did you mean {_ALIASES[name.lower()]}?"
    return _near(name, [*PLACEHOLDERS, *_ALIASES]) or "ihe-test-util template placeholders lists them"


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f"did you mean {_ALIASES.get(near[0], near[0])}?" if near else ""
