"""The mock server's configuration: what it can be told, where from, and how a change reaches a running server.

Command line over environment (``MOCK_SERVER_…``) over file (``mocks/config.json``) over defaults; unknown names are
refused. The user's page is ``docs/mock-server-configuration.md``.
"""

from ihe_test_util.mock_server.config_loading import (
    DEFAULT_CONFIG_PATH,
    LoadedConfig,
    load_config,
    load_config_with_sources,
    reload_config,
)
from ihe_test_util.mock_server.config_models import (
    RESTART_FIELDS,
    Behavior,
    EndpointBehavior,
    FaultTemplate,
    ITI41Behavior,
    MockServerConfig,
    PIXAddBehavior,
    TlsClientAuth,
    ValidationMode,
)
from ihe_test_util.mock_server.config_watch import ConfigState, ConfigStatus, ConfigWatcher
from ihe_test_util.settings.fields import LogLevel
from ihe_test_util.settings.loading import Setting

__all__ = [
    "DEFAULT_CONFIG_PATH",
    "RESTART_FIELDS",
    "Behavior",
    "ConfigState",
    "ConfigStatus",
    "ConfigWatcher",
    "EndpointBehavior",
    "FaultTemplate",
    "ITI41Behavior",
    "LoadedConfig",
    "LogLevel",
    "MockServerConfig",
    "PIXAddBehavior",
    "Setting",
    "TlsClientAuth",
    "ValidationMode",
    "load_config",
    "load_config_with_sources",
    "reload_config",
]
