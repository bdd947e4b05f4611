"""Where the server's files are, even when its configuration cannot be read: a server must always be stoppable."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ihe_test_util.cli.output import show_warning
from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.pid_file import PID_FILE_VARIABLE, default_path, read_record

if TYPE_CHECKING:
    from ihe_test_util.mock_server.config import MockServerConfig

DEFAULT_CONFIG: Final = Path("mocks/config.json")
DEFAULT_LOG: Final = Path("mocks/logs/mock-server.log")
DEFAULT_DATA: Final = Path("mocks/data")
LOG_VARIABLE: Final = "MOCK_SERVER_LOG_PATH"
DATA_VARIABLE: Final = "MOCK_SERVER_DATA_DIR"


def pid_file_of(config_path: Path | None) -> Path:
    """The PID file of the server meant: the environment's, the configuration's or the default one, absolute."""
    if os.environ.get(PID_FILE_VARIABLE):
        return default_path()
    config = _config(config_path)
    return config.pid_file.absolute() if config else default_path()


def log_file_of(config_path: Path | None) -> Path:
    """The log file of the server meant: where the running one writes, else where the next one would, absolute."""
    record = read_record(pid_file_of(config_path))
    if record is not None and record.log_file and record.is_alive:
        return Path(record.log_file)
    if os.environ.get(LOG_VARIABLE):
        return Path(os.environ[LOG_VARIABLE]).absolute()
    config = _config(config_path)
    return (config.log_path if config else DEFAULT_LOG).absolute()


def data_dir_of(config_path: Path | None) -> Path:
    """The data directory of the server meant: the environment's, the configuration's or the default one, absolute.

    Without ``config_path`` the configuration is that of the running server, else the default one.
    """
    record = read_record(pid_file_of(None)) if config_path is None else None
    if record is not None and record.config_file and record.is_alive:
        # Its file may have been broken or removed since; the server goes on, and so does this.
        config = _config(Path(record.config_file), lenient=True)
    elif config_path is None and os.environ.get(DATA_VARIABLE):
        return Path(os.environ[DATA_VARIABLE]).absolute()
    else:
        config = _config(config_path)
    return (config.data_dir if config else DEFAULT_DATA).absolute()


def _config(config_path: Path | None, *, lenient: bool = False) -> "MockServerConfig | None":
    """The configuration; None where there is no file, or a broken one, which only warns."""
    if config_path is None and not DEFAULT_CONFIG.exists():
        return None
    from ihe_test_util.mock_server.config import load_config  # noqa: PLC0415 - heavy, and not needed without a file

    try:
        return load_config(config_path)
    except ConfigError as error:
        if config_path is not None and not lenient:
            raise
        show_warning(f"the configuration cannot be used, so the files are taken to be in their default place\n{error}")
        return None
