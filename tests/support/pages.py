"""The console blocks of a page of documentation, and what is said in comments before them."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?:<!-- (?P<remark>[^\n]*?) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One console block; ``exit_code`` is that of its last command, ``run`` is False where a comment says so."""

    commands: tuple[str, ...]
    exit_code: int
    run: bool


def console_blocks(page: Path) -> list[Block]:
    """Every console block, in the order of the page."""
    return [_block(match["remark"] or "", match["text"]) for match in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


def _block(remark: str, text: str) -> Block:
    joined = re.sub(r"\\\n\s+", "", text)
    commands = tuple(line[2:] for line in joined.splitlines() if line.startswith("$ "))
    exit_code = int(remark.removeprefix("exit code: ")) if remark.startswith("exit code: ") else 0
    return Block(commands, exit_code, not remark.startswith("not run: "))
