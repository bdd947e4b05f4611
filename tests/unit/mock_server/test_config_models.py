"""The configuration as values: defaults, ranges, and which behaviour an endpoint gets."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ihe_test_util.errors import Scenario
from ihe_test_util.mock_server.config import (
    RESTART_FIELDS,
    Behavior,
    EndpointBehavior,
    FaultTemplate,
    ITI41Behavior,
    LogLevel,
    MockServerConfig,
    PIXAddBehavior,
    TlsClientAuth,
    ValidationMode,
)

DEFAULTS = {
    "host": "0.0.0.0",
    "http_port": 8080,
    "https_port": 8443,
    "cert_path": Path("mocks/cert.pem"),
    "key_path": Path("mocks/key.pem"),
    "tls_client_auth": TlsClientAuth.NONE,
    "tls_ca_path": None,
    "log_level": "INFO",
    "log_path": Path("mocks/logs/mock-server.log"),
    "pid_file": Path("mocks/.mock-server.pid"),
    "data_dir": Path("mocks/data"),
    "pix_add_endpoint": "/pix/add",
    "iti41_endpoint": "/iti41/submit",
    "response_delay_ms": 0,
    "save_submitted_documents": False,
    "pix_add_behavior": PIXAddBehavior(),
    "iti41_behavior": ITI41Behavior(),
    "endpoint_behaviors": {},
    "response_templates": {},
    "max_request_bytes": 1 << 30,
    "max_xml_bytes": 32 << 20,
    "receive_timeout_s": 30.0,
    "send_timeout_s": 30.0,
    "journal_max_exchanges": 10_000,
    "journal_max_bytes": 256 << 20,
    "random_seed": None,
}


def config(**fields: Any) -> MockServerConfig:
    """A configuration from plain values, as a file gives them."""
    return MockServerConfig.model_validate(fields)


def test_defaults_are_those_of_the_requirements() -> None:
    """Without any setting every field has its documented default."""
    empty = MockServerConfig()

    assert {name: getattr(empty, name) for name in DEFAULTS} == DEFAULTS


def test_behaviours_default_to_an_honest_answer_at_once() -> None:
    """A behaviour that says nothing delays nothing, never fails and is lenient."""
    for behavior in (PIXAddBehavior(), ITI41Behavior()):
        assert behavior.response_delay_ms == 0
        assert behavior.failure_rate == 0.0
        assert behavior.custom_fault_message is None
        assert behavior.validation_mode is ValidationMode.LENIENT
    assert PIXAddBehavior().custom_patient_id is None
    assert (ITI41Behavior().custom_submission_set_id, ITI41Behavior().custom_document_id) == (None, None)
    assert {mode.value for mode in ValidationMode} == {"strict", "lenient"}


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [("http_port", 1, 65535), ("https_port", 1, 65535), ("response_delay_ms", 0, 5000)],
)
def test_ranges_hold_at_both_ends(field: str, low: int, high: int) -> None:
    """The ends of a range are allowed, one beyond is not."""
    for good in (low, high):
        assert getattr(config(**{field: good}), field) == good
    for bad in (low - 1, high + 1):
        with pytest.raises(ValidationError):
            config(**{field: bad})


@pytest.mark.parametrize("model", [PIXAddBehavior, ITI41Behavior, EndpointBehavior])
@pytest.mark.parametrize(
    ("field", "low", "high", "step"), [("response_delay_ms", 0, 5000, 1), ("failure_rate", 0.0, 1.0, 0.001)]
)
def test_behaviour_ranges_hold_at_both_ends(
    model: type[Behavior], field: str, low: float, high: float, step: float
) -> None:
    """Delays are 0-5000 ms and failure rates 0.0-1.0, ends included."""
    for good in (low, high):
        assert getattr(model.model_validate({field: good}), field) == good
    for bad in (low - step, high + step):
        with pytest.raises(ValidationError):
            model.model_validate({field: bad})


@pytest.mark.parametrize(
    "fields",
    [
        {"http_port": "8080"},
        {"http_port": True},
        {"http_port": 8080.0},
        {"save_submitted_documents": 1},
        {"save_submitted_documents": "true"},
        {"host": None},
        {"host": ""},
        {"host": "http://localhost"},
        {"host": "local host"},
        {"log_path": ""},
        {"log_path": "a\0b"},
        {"log_level": "LOUD"},
        {"pix_add_behavior": {"failure_rate": float("nan")}},
        {"pix_add_behavior": {"failure_rate": "0.5"}},
        {"pix_add_behavior": {"custom_submission_set_id": "2.999.1"}},
        {"iti41_behavior": {"custom_patient_id": "1"}},
        {"pix_add_behavior": {"custom_fault_message": " "}},
        {"pix_add_behavior": {"custom_fault_message": "a\0b"}},
        {"pix_add_behavior": {"custom_fault_message": "\ud800"}},
        {"receive_timeout_s": 0},
        {"send_timeout_s": float("inf")},
        {"max_request_bytes": 0},
        {"journal_max_bytes": -1},
        {"random_seed": -1},
        {"response_templates": {"nonsense": "text"}},
        {"response_templates": {"too_large": {"http_status": 199}}},
        {"response_templates": {"too_large": {"http_status": 600}}},
        {"response_templates": {"too_large": {"code": "MustUnderstand"}}},
        {"unknown": 1},
    ],
)
def test_what_no_server_could_work_with_does_not_come_to_be(fields: dict[str, object]) -> None:
    """Wrong types, impossible values and unknown names are refused."""
    with pytest.raises(ValidationError):
        config(**fields)


@pytest.mark.parametrize("level", ["debug", "Info", "WARNING", "error", "cRITICAL"])
def test_log_levels_are_read_in_any_case(level: str) -> None:
    """The case of a log level does not matter."""
    assert config(log_level=level).log_level is LogLevel(level.upper())


@pytest.mark.parametrize(
    "path",
    [
        "pix/add",
        "",
        "/health",
        "/health/",
        "/pix add",
        "/pix?wsdl",
        "/pix#a",
        "/a%20b",
        "/a//b",
        "/a/../b",
        "/./a",
        "/ä",
    ],
)
def test_an_endpoint_is_a_plain_path_of_its_own(path: str) -> None:
    """Query, fragment, blanks, escapes, dot steps and /health are no endpoint."""
    with pytest.raises(ValidationError):
        config(pix_add_endpoint=path)


def test_a_configuration_cannot_be_changed() -> None:
    """A request that took a configuration runs on it to the end."""
    with pytest.raises(ValidationError):
        MockServerConfig().http_port = 1
    with pytest.raises(ValidationError):
        PIXAddBehavior().failure_rate = 1.0


def test_a_template_is_a_text_or_an_object() -> None:
    """A template given as text is its reason."""
    templates = config(
        response_templates={"too_large": "too much", "simulated_failure": {"code": "Sender", "http_status": 503}}
    ).response_templates

    assert templates == {
        Scenario.TOO_LARGE: FaultTemplate(reason="too much"),
        Scenario.SIMULATED_FAILURE: FaultTemplate(code="Sender", http_status=503),
    }


@pytest.mark.parametrize("key", ["pix-add", "ITI-44", "/pix/add"])
def test_every_kind_of_key_names_the_endpoint(key: str) -> None:
    """Card name, transaction code and path all lead to the behaviour of PIX Add, and to no other."""
    given_ = config(endpoint_behaviors={key: {"failure_rate": 0.5, "custom_patient_id": "1"}})

    behavior = given_.behavior_for("pix-add", "ITI-44", "/pix/add", "pix_add_endpoint")

    assert behavior.failure_rate == 0.5
    assert isinstance(behavior, PIXAddBehavior)
    assert behavior.custom_patient_id == "1"
    assert given_.behavior_for("iti-41", "ITI-41", "/iti41/submit", "iti41_endpoint") == ITI41Behavior()


def test_the_named_behaviours_follow_their_endpoint() -> None:
    """pix_add_behavior and iti41_behavior hold at the configured paths; what nobody configured is plain."""
    given_ = config(
        pix_add_endpoint="/custom/pix",
        pix_add_behavior={"response_delay_ms": 1},
        iti41_behavior={"response_delay_ms": 2},
    )

    assert given_.behavior_for("pix-add", "ITI-44", "/custom/pix", "pix_add_endpoint") is given_.pix_add_behavior
    assert given_.behavior_for("iti-41", "ITI-41", "/iti41/submit", "iti41_endpoint") is given_.iti41_behavior
    assert given_.behavior_for("other", "ITI-99", "/other", "other_endpoint") == Behavior()


def test_a_configured_path_is_a_key() -> None:
    """A key may be the path that another field of the same configuration gives."""
    given_ = config(pix_add_endpoint="/my/pix", endpoint_behaviors={"/my/pix": {"failure_rate": 1.0}})

    assert given_.behavior_for("pix-add", "ITI-44", "/my/pix", "pix_add_endpoint").failure_rate == 1.0
    with pytest.raises(ValidationError, match="no transaction or endpoint has this name"):
        config(pix_add_endpoint="/my/pix", endpoint_behaviors={"/pix/add": {}})


@pytest.mark.parametrize(
    "fields",
    [
        {"pix_add_behavior": {"failure_rate": 0.1}, "endpoint_behaviors": {"ITI-44": {"failure_rate": 0.2}}},
        {"iti41_behavior": {"failure_rate": 0.1}, "endpoint_behaviors": {"/iti41/submit": {}}},
        {"endpoint_behaviors": {"ITI-44": {}, "/pix/add": {}}},
    ],
)
def test_nothing_is_configured_twice(fields: dict[str, object]) -> None:
    """Two behaviours for the same endpoint are a mistake, not a riddle of precedence."""
    with pytest.raises(ValidationError, match="configured twice"):
        config(**fields)


def test_a_named_behaviour_at_its_defaults_does_not_collide() -> None:
    """pix_add_behavior written out with its defaults says nothing that endpoint_behaviors could contradict."""
    given_ = config(pix_add_behavior={"failure_rate": 0.0}, endpoint_behaviors={"ITI-44": {"failure_rate": 0.2}})

    assert given_.behavior_for("pix-add", "ITI-44", "/pix/add", "pix_add_endpoint").failure_rate == 0.2


def test_a_custom_id_stands_only_where_the_transaction_has_it() -> None:
    """A document id for PIX Add would be ignored in silence, so it is refused."""
    with pytest.raises(ValidationError, match="has no such id"):
        config(endpoint_behaviors={"ITI-44": {"custom_document_id": "2.999.1"}})


def test_all_mistakes_in_endpoint_behaviours_come_at_once() -> None:
    """A wrong value does not hide an unknown key, nor the other way round."""
    with pytest.raises(ValidationError) as caught:
        config(endpoint_behaviors={"ITI-44": {"failure_rate": 2.0, "custom_document_id": "1"}, "ITI-4": {"x": 1}})

    assert {error["loc"] for error in caught.value.errors()} == {
        ("endpoint_behaviors", "ITI-44", "failure_rate"),
        ("endpoint_behaviors", "ITI-44", "custom_document_id"),
        ("endpoint_behaviors", "ITI-4"),
        ("endpoint_behaviors", "ITI-4", "x"),
    }


def test_what_a_running_server_cannot_change_waits_for_a_restart() -> None:
    """Host, ports, TLS and files wait for a restart; all else is taken over at once."""
    assert set(RESTART_FIELDS) == {
        "host",
        "http_port",
        "https_port",
        "cert_path",
        "key_path",
        "tls_client_auth",
        "tls_ca_path",
        "log_path",
        "pid_file",
        "data_dir",
        "store_url",
    }


def test_no_password_of_a_database_is_shown() -> None:
    """The URL of a database is shown without its password, and a wrong one not at all."""
    given_ = config(store_url="postgresql://ihe:s3cret@db.example/ihe")

    assert given_.store_url is not None
    assert "s3cret" not in f"{given_!r} {given_.store_url} {given_.model_dump_json()}"
    assert given_.store_url.get_secret_value() == "postgresql://ihe:s3cret@db.example/ihe"
    with pytest.raises(ValidationError, match="no URL of PostgreSQL") as refused:
        config(store_url="mysql://ihe:s3cret@db.example/ihe")
    assert "s3cret" not in str(refused.value.errors()[0]["msg"])


@given(st.text(min_size=1, max_size=40))
def test_every_text_that_is_accepted_fits_into_xml(text: str) -> None:
    """A custom text is either refused or can be written into a fault."""
    try:
        behavior = PIXAddBehavior(custom_fault_message=text)
    except ValidationError:
        return

    assert behavior.custom_fault_message == text
    assert all(c in "\t\n\r" or (ord(c) >= 0x20 and not 0xD800 <= ord(c) <= 0xDFFF) for c in text)
