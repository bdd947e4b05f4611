"""Configuration files of the mock server, and what is said of those that cannot be used."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ihe_test_util.errors import ConfigError
from ihe_test_util.mock_server.config import load_config


def written(path: Path, content: object) -> Path:
    """The path, with a configuration in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return path


def refusal(
    path: Path | None, *, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> list[str]:
    """The lines of the error that loading ends in."""
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ=environ or {}, overrides=overrides)
    return caught.value.message.splitlines()
