"""Where the server's files are, even when its configuration cannot be read: a server must always be stoppable."""

import json
import os
import re
from pathlib import Path
from typing import Final

from ihe_test_util.cli.output import show_warning
from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.pid_file import DEFAULT_PID_FILE, PID_FILE_VARIABLE, default_path, read_record

DEFAULT_CONFIG: Final = Path("mocks/config.json")
DEFAULT_LOG: Final = Path("mocks/logs/mock-server.log")
DEFAULT_DATA: Final = Path("mocks/data")
LOG_VARIABLE: Final = "MOCK_SERVER_LOG_PATH"
DATA_VARIABLE: Final = "MOCK_SERVER_DATA_DIR"
_MAX_CHARACTERS: Final = 1024 * 1024


def pid_file_of(config_path: Path | None) -> Path:
    """The PID file of the server meant: the environment's, the configuration's or the default one, absolute."""
    if os.environ.get(PID_FILE_VARIABLE):
        return default_path()
    return _file_of(config_path, "pid_file", DEFAULT_PID_FILE)


def log_file_of(config_path: Path | None) -> Path:
    """The log file of the server meant: where the running one writes, else where the next one would, absolute."""
    record = read_record(pid_file_of(config_path))
    if record is not None and record.log_file and record.is_alive:
        return Path(record.log_file)
    if os.environ.get(LOG_VARIABLE):
        return Path(os.environ[LOG_VARIABLE]).absolute()
    return _file_of(config_path, "log_path", DEFAULT_LOG)


def data_dir_of(config_path: Path | None) -> Path:
    """The data directory of the server meant: where the running one writes, else where the next one would, absolute."""
    record = read_record(pid_file_of(config_path))
    meant = config_path is None or (record is not None and record.config_file == str(config_path.absolute()))
    if record is not None and record.data_dir and meant and record.is_alive:
        return Path(record.data_dir)
    if os.environ.get(DATA_VARIABLE):
        return Path(os.environ[DATA_VARIABLE]).absolute()
    return _file_of(config_path, "data_dir", DEFAULT_DATA)


def _file_of(config_path: Path | None, field: str, default: Path) -> Path:
    """What a field of the configuration names; of a broken one, what can be made out, with a warning.

    Raises:
        ConfigError: a configuration was named that does not exist.
    """
    path = config_path or DEFAULT_CONFIG
    if config_path is None and not path.exists():
        return default.absolute()
    from ihe_test_util.mock_server.config import load_config  # noqa: PLC0415 - heavy, and not needed without a file

    try:
        return Path(getattr(load_config(config_path), field)).absolute()
    except ConfigError:
        if not path.exists():
            raise
    found = _made_out(path, field)
    show_warning(
        f"the configuration {path} cannot be used (mock reload --check says why);"
        f" {field} is taken to be {found or default}"
    )
    return (found or default).absolute()


def _made_out(path: Path, field: str) -> Path | None:
    """What a broken file seems to say of a field."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(_MAX_CHARACTERS)
        found = re.search(rf'"{field}"\s*:\s*("(?:[^"\\]|\\.)+")', text)
        return Path(json.loads(found[1])) if found else None
    except (OSError, ValueError):
        return None
