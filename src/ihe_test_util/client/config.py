"""The client's configuration: where to send, as whom, how patiently, with which codes.

Command line over environment (``IHE_TEST_…``) over file (``config/config.json``) over defaults; unknown names are
refused, and so are passwords in a file. The user's page is ``docs/client-configuration.md``.
"""

from ihe_test_util.client.config_loading import (
    DEFAULT_CONFIG_PATH,
    LoadedClientConfig,
    doubts,
    load_client_config,
    variables,
)
from ihe_test_util.client.config_metadata import Identifiers, Metadata
from ihe_test_util.client.config_models import (
    Certificates,
    ClientConfig,
    Endpoints,
    Logging,
    Transport,
)
from ihe_test_util.client.config_saml import AssertionPer, Saml

__all__ = [
    "DEFAULT_CONFIG_PATH",
    "AssertionPer",
    "Certificates",
    "ClientConfig",
    "Endpoints",
    "Identifiers",
    "LoadedClientConfig",
    "Logging",
    "Metadata",
    "Saml",
    "Transport",
    "doubts",
    "load_client_config",
    "variables",
]
