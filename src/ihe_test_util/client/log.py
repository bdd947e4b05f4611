"""The client's log file, as its configuration says."""

from ihe_test_util.client.config_models import Logging
from ihe_test_util.runtime.log_setup import SharedFileHandler, set_up_logging


def set_up_client_logging(logging: Logging) -> SharedFileHandler:
    """Write the package's records to ``log_file``; undone by ``runtime.log_setup.close_logging``.

    Raises:
        ConfigError: the log file cannot be made or written.
    """
    return set_up_logging(logging.log_file, logging.level, setting="logging.log_file (IHE_TEST_LOG_FILE)")
