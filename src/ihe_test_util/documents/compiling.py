"""From the syntax tree of a template to something that runs, counts what it does, and knows where in XML it is."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from jinja2 import Template as Runnable
from jinja2 import nodes

from ihe_test_util.documents.sandbox import COUNTED, IN_CDATA, IN_COMMENT, IN_INSTRUCTION, JOINED, SPENT, Sandbox

#: The file name of compiled templates in traces.
FILE_NAME: Final = "<document template>"
#: Brackets around line numbers in a traced document: characters that neither XML nor a usable template can hold.
_OPEN, _CLOSE = "\x01", "\x02"
_MARK: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class _Place(Enum):
    """Where in XML a template is: what ends it, and the filter for values there."""

    TEXT = ("", "")
    COMMENT = ("-->", IN_COMMENT)
    CDATA = ("]]>", IN_CDATA)
    INSTRUCTION = ("?>", IN_INSTRUCTION)

    @property
    def end(self) -> str:
        """The characters that end it."""
        return self.value[0]

    @property
    def value_filter(self) -> str:
        """The filter for values; empty where they are escaped as usual."""
        return self.value[1]


_BEGINNINGS: Final = {"<!--": _Place.COMMENT, "<![CDATA[": _Place.CDATA, "<?": _Place.INSTRUCTION}
_BEGINNING: Final = re.compile("|".join(map(re.escape, _BEGINNINGS)))


@dataclass(frozen=True, slots=True)
class Trace:
    """A traced document: its text, and where in it the text of which template line begins."""

    text: str
    starts: tuple[tuple[int, int], ...]

    def template_place(self, line: int, column: int | None) -> tuple[int, int | None]:
        """The line and column of the template that a place in the document comes from, as well as can be told."""
        offset = 0
        for _ in range(line - 1):
            offset = self.text.find("\n", offset) + 1
        at = offset + (column or 1) - 1
        start, template_line = 0, 1
        for begins, number in self.starts:
            if begins > at:
                break
            start, template_line = begins, number
        lines_on = self.text.count("\n", start, at)
        # Only a line that begins in the template where it begins in the document has the same columns.
        return template_line + lines_on, column if lines_on or start == 0 else None


def runnable(sandbox: Sandbox, tree: nodes.Template, *, traced: bool = False) -> Runnable:
    """The template, compiled; the tree is changed on the way and good for nothing else.

    Raises:
        TemplateSyntaxError: it says something that cannot be compiled.
        RecursionError, SyntaxError, MemoryError: it is nested too deeply.
    """
    _Rewriter(traced=traced).rewrite(tree)
    tree.set_environment(sandbox)
    code = sandbox.compile(tree, name=FILE_NAME, filename=FILE_NAME)
    return Runnable.from_code(sandbox, code, dict(sandbox.globals))


def trace_of(marked: str) -> Trace:
    """The trace that a document with line numbers in it stands for."""
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    size = at = 0
    for mark in _MARK.finditer(marked):
        pieces.append(marked[at : mark.start()])
        size += mark.start() - at
        starts.append((size, int(mark[1])))
        at = mark.end()
    pieces.append(marked[at:])
    return Trace("".join(pieces), tuple(starts))


class _Rewriter:
    """Puts counting and escaping into a syntax tree, in the order of the text."""

    def __init__(self, *, traced: bool) -> None:
        self._traced = traced
        self._place = _Place.TEXT

    def rewrite(self, node: nodes.Node) -> None:
        """Change a node and what is in it."""
        match node:
            case nodes.Output():
                node.nodes = [new for child in node.nodes for new in self._output(child)]
                return
            case nodes.AssignBlock():
                # Its text may be compared, so there are no line numbers in it.
                traced, self._traced = self._traced, False
                self._children(node)
                self._traced = traced
                return
        self._children(node)
        match node:
            case nodes.For():
                node.iter = _filtered(_expression(node.iter), COUNTED, _own_characters(node))
            case nodes.Macro():
                spent = _filtered(_own_characters(node), SPENT)
                node.body.insert(0, nodes.Output([spent], lineno=node.lineno))

    def _children(self, node: nodes.Node) -> None:
        for field in node.fields:
            value = getattr(node, field)
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, nodes.Node):
                        value[index] = self._rewritten(item)
            elif isinstance(value, nodes.Node):
                setattr(node, field, self._rewritten(value))

    def _rewritten(self, node: nodes.Node) -> nodes.Node:
        self.rewrite(node)
        if isinstance(node, nodes.Concat):
            return _filtered(nodes.List(node.nodes, lineno=node.lineno), JOINED)
        return node

    def _output(self, child: nodes.Expr) -> list[nodes.Expr]:
        mark = [nodes.TemplateData(f"{_OPEN}{child.lineno}{_CLOSE}", lineno=child.lineno)] if self._traced else []
        if isinstance(child, nodes.TemplateData):
            self._move(child.data)
            return [*mark, child]
        value = _expression(self._rewritten(child))
        name = self._place.value_filter
        return [*mark, _filtered(value, name) if name else value]

    def _move(self, text: str) -> None:
        at = 0
        while True:
            if self._place is _Place.TEXT:
                begins = _BEGINNING.search(text, at)
                if begins is None:
                    return
                self._place, at = _BEGINNINGS[begins[0]], begins.end()
            else:
                ends = text.find(self._place.end, at)
                if ends < 0:
                    return
                at = ends + len(self._place.end)
                self._place = _Place.TEXT


def _expression(node: nodes.Node) -> nodes.Expr:
    if not isinstance(node, nodes.Expr):
        raise TypeError(f"{type(node).__name__} stands where an expression has to")
    return node


def _filtered(value: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(args), [], None, None, lineno=value.lineno)


def _own_characters(owner: nodes.For | nodes.Macro) -> nodes.Const:
    """Characters of text in a body, apart from those of loops and macros in it, which count their own."""
    size = 0
    waiting = list(owner.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.TemplateData):
            size += len(node.data)
        elif not isinstance(node, nodes.For | nodes.Macro):
            waiting.extend(node.iter_child_nodes())
    return nodes.Const(size, lineno=owner.lineno)
