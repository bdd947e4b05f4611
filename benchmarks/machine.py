"""Where numbers come from: machine, software, commit."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

_ROOT: Final = Path(__file__).parents[1]
_GIB: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Origin:
    """Machine, software and commit of one run; ``load_average`` is that of its beginning."""

    time: str
    commit: str
    command: str
    machine: str
    system: str
    python: str
    libraries: str
    load_tool: str
    load_average: float

    def lines(self) -> list[str]:
        """As a Markdown list."""
        return [f"- {name.replace('_', ' ')}: {value}" for name, value in asdict(self).items()]


def origin(arguments: list[str], loader: str) -> Origin:
    """What there is to say of this run."""
    names = ("aiohttp", "lxml", *(() if sys.platform == "win32" else ("uvloop",)))
    return Origin(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        command=" ".join(["benchmarks/run.py", *arguments]),
        machine=f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / _GIB:.0f} GiB",
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}{_build()}",
        libraries=", ".join(f"{name} {version(name)}" for name in names),
        load_tool=loader,
        load_average=round(psutil.getloadavg()[0], 2),
    )


def _build() -> str:
    """How the interpreter was compiled: its own code gains a quarter by profiling, a bare handler in C does not."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        return ""
    return " (compiled without --enable-optimizations: slower)"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    def git(*arguments: str) -> str:
        if shutil.which("git") is None:
            return ""
        done = subprocess.run(["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no", "src") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown") + changed
