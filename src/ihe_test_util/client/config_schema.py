"""The JSON Schema of the configuration, made from the models; ``python -m ihe_test_util.client.config_schema``."""

import sys

from ihe_test_util.client.config_models import ClientConfig
from ihe_test_util.settings.schema import Schema, published, text_of


def json_schema() -> Schema:
    """The schema (JSON Schema 2020-12) that a configuration file is published with."""
    return published(
        ClientConfig,
        name="client-configuration.schema.json",
        title="Configuration of the client of ihe-test-util",
    )


def schema_text() -> str:
    """The schema as it is published: indented, with a line end."""
    return text_of(json_schema())


if __name__ == "__main__":
    sys.stdout.write(schema_text())
