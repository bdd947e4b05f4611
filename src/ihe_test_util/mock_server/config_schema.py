"""The JSON Schema of the configuration, made from the models; ``python -m ihe_test_util.mock_server.config_schema``."""

import sys

from ihe_test_util.mock_server.config_models import MockServerConfig
from ihe_test_util.settings.schema import Schema, published, text_of


def json_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that a configuration file is published with."""
    return published(
        MockServerConfig,
        name="mock-server-configuration.schema.json",
        title="Configuration of the mock server of ihe-test-util",
        free_form=("endpoint_behaviors", "response_templates"),
    )


def schema_text() -> str:
    """The schema as it is published: indented, with a line end."""
    return text_of(json_schema())


if __name__ == "__main__":
    sys.stdout.write(schema_text())
