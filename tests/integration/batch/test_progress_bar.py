"""What a person at a terminal sees while a run goes on."""

import asyncio
import os
import re
import struct
import subprocess
from typing import Any

import pytest

from tests.support.patience import PATIENCE_S

termios = pytest.importorskip("termios", reason="this system has no such terminals")
fcntl = pytest.importorskip("fcntl", reason="same")

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COUNT, FAILING = 60, {"iti41_behavior.failing_patients": {"PAT-7": {"code": "Sender", "reason": "locked"}}}


def shown(master: int) -> str:
    """All that is written to a terminal until nobody has it open any more."""
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says so where others say that there is nothing more
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces).decode()


def begin_at(terminal: int, columns: int, bench: Any, **variables: str) -> "subprocess.Popen[str]":
    """Start a run whose errors go to a terminal of so many columns."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = bench.command.environ(bench.variables | {"TERM": "xterm-256color"} | variables)
    environ.pop("COLUMNS", None)
    return subprocess.Popen(
        bench.command.line("submit", bench.patients(COUNT)), cwd=bench.directory, env=environ, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal,
    )  # fmt: skip


async def at_a_terminal(bench: Any, columns: int, **variables: str) -> tuple[str, str, list[str]]:
    """What a run writes to standard output, and to the terminal; also line by line, without colours and movements."""
    master, terminal = os.openpty()
    try:
        process = begin_at(terminal, columns, bench, **variables)
        os.close(terminal)
        text, (out, _) = await asyncio.gather(
            asyncio.to_thread(shown, master), asyncio.to_thread(process.communicate, timeout=PATIENCE_S)
        )
    finally:
        os.close(master)
    assert process.returncode == 2, text
    lines = (_CONTROL.sub("", line).strip() for line in re.split(r"\r|\n", text))
    return out, text, [line for line in lines if line]


async def test_a_bar_with_count_rate_failures_and_time_left(start_bench: Any) -> None:
    """It goes when the run ends; failures stay above it; standard output has the summary alone."""
    bench = await start_bench(FAILING)
    out, text, lines = await at_a_terminal(bench, 100)
    assert lines[0].startswith("Warning: plain HTTP to 127.0.0.1")
    assert f"0/{COUNT}" in lines[1]
    last = [frame for frame in lines if f"{COUNT}/{COUNT}" in frame][-1]
    assert re.fullmatch(rf"━+ +{COUNT}/{COUNT} +[0-9.]+/s 1 failed left 0:00:00", last)
    assert any(re.fullmatch("row 9 failed at ITI-41: .*locked", frame) for frame in lines)
    assert text.count("\x1b[?25h") == 1, "the cursor is shown again"
    assert text.endswith("\x1b[2K"), "the bar is wiped out"
    assert f"{COUNT - 1} of {COUNT} patients submitted, 1 failed" in out
    assert "━" not in out


async def test_on_a_narrow_terminal_the_words_are_whole(start_bench: Any) -> None:
    """The bar gives way to them, and nothing is cut off."""
    bench = await start_bench(FAILING)
    _, text, lines = await at_a_terminal(bench, 40, NO_COLOR="1")
    assert max(map(len, lines)) <= 40
    assert "…" not in text
    assert any(re.fullmatch(rf"{COUNT}/{COUNT} +[0-9.]+/s 1 failed left 0:00:00", frame) for frame in lines)
    assert "\x1b[3" not in text, "no colours"
