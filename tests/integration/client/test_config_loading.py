"""The client's configuration from real files, environments and command lines: precedence, sources, every mistake."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ihe_test_util.client.config import (
    DEFAULT_CONFIG_PATH,
    AssertionPer,
    ClientConfig,
    LoadedClientConfig,
    doubts,
    load_client_config,
    variables,
)
from ihe_test_util.errors import ConfigError

HTTPS = "https://pix.example.org/feed"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: Path, content: object) -> Path:
    """The path, with a configuration in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def loaded(path: Path, content: object, environ: Mapping[str, str] | None = None) -> LoadedClientConfig:
    """What a file with this content makes of the configuration."""
    return load_client_config(written(path / "client.json", content), environ=environ or {})


def refusal(path: Path, content: object, environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines of the error that loading ends in, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        loaded(path, content, environ)
    return [line.replace(f"{path / 'client.json'}:", "") for line in caught.value.message.splitlines()]


def test_without_anything_the_defaults_are_in_force(here: Path) -> None:
    """Those of the requirement, to the letter."""
    assert not list(here.iterdir())
    found = load_client_config(environ={})
    config = found.config

    assert found.path is None
    assert set(found.sources.values()) == {"default"}
    assert config == ClientConfig()
    assert config.endpoints.pix_add_url == "http://localhost:8080/pix/add"
    assert config.endpoints.iti41_url == "http://localhost:8080/iti41/submit"
    assert (config.certificates.cert_path, config.certificates.key_path) == (None, None)
    assert config.certificates.cert_format == "pem"
    assert config.certificates.pkcs12_password_env_var == "IHE_TEST_PKCS12_PASSWORD"
    assert config.transport.verify_tls is True
    assert config.transport.ca_path is None
    assert (config.transport.timeout_connect, config.transport.timeout_read) == (10.0, 30.0)
    assert config.transport.timeout_read_s is None  # 60 for ITI-41
    assert (config.transport.max_retries, config.transport.backoff_factor) == (3, 1.0)
    assert config.logging.level.value == "INFO"
    assert config.logging.log_file == Path("logs/ihe-test-util.log")
    assert config.logging.redact_pii is True


def test_command_line_over_environment_over_file_over_defaults(here: Path) -> None:
    """Each field for itself, each with the place that it came from."""
    written(
        DEFAULT_CONFIG_PATH, {"endpoints": {"pix_add_url": HTTPS, "iti41_url": HTTPS}, "transport": {"max_retries": 7}}
    )

    found = load_client_config(
        environ={"IHE_TEST_ITI41_URL": "http://env/", "IHE_TEST_MAX_RETRIES": "8", "IHE_TEST_TIMEOUT_READ": "5"},
        overrides={"transport.max_retries": 9, "transport.ca_path": None},
    )

    assert found.path == DEFAULT_CONFIG_PATH
    assert here / DEFAULT_CONFIG_PATH == found.path.absolute()
    assert found.config.endpoints.pix_add_url == HTTPS
    assert found.config.endpoints.iti41_url == "http://env/"
    assert found.config.transport.max_retries == 9
    assert found.config.transport.timeout_read_s == 5.0
    assert {field: source for field, source in found.sources.items() if source != "default"} == {
        "endpoints.pix_add_url": "config/config.json:1",
        "endpoints.iti41_url": "env:IHE_TEST_ITI41_URL",
        "transport.max_retries": "command line",
        "transport.timeout_read": "env:IHE_TEST_TIMEOUT_READ",
    }


def test_a_named_file_must_exist(here: Path) -> None:
    """The path as it was looked for, and the file that is probably meant."""
    written(here / "client.json", {})

    with pytest.raises(ConfigError, match=r"/clinet.json: there is no such configuration file; did you mean .*client"):
        load_client_config(Path("clinet.json"), environ={})


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("IHE_TEST_PIX_ADD_URL", HTTPS, "endpoints.pix_add_url", HTTPS),
        ("IHE_TEST_ENDPOINTS__PIX_ADD_URL", HTTPS, "endpoints.pix_add_url", HTTPS),
        ("ihe_test_iti41_url", HTTPS, "endpoints.iti41_url", HTTPS),
        ("IHE_TEST_CERT_PATH", "a.pem", "certificates.cert_path", "a.pem"),
        ("IHE_TEST_VERIFY_TLS", "off", "transport.verify_tls", False),
        ("IHE_TEST_TRANSPORT__BACKOFF_FACTOR", "0.5", "transport.backoff_factor", 0.5),
        ("IHE_TEST_LOG_FILE", "x.log", "logging.log_file", "x.log"),
        ("IHE_TEST_REDACT_PII", "no", "logging.redact_pii", False),
        ("IHE_TEST_METADATA__AUTHOR__LAST_NAME", "Marsh", "metadata.author.last_name", "Marsh"),
        ("IHE_TEST_AUDIENCES", '["urn:a", "urn:b"]', "saml.audiences", ["urn:a", "urn:b"]),
        ("IHE_TEST_LOGGING", '{"level": "debug"}', "logging.level", "DEBUG"),
    ],
)
def test_variables_set_fields(here: Path, name: str, text: str, field: str, value: object) -> None:
    """By the field's name alone, or with its section."""
    assert not list(here.iterdir())
    effective = {each.field: each for each in load_client_config(environ={name: text}).effective()}

    assert effective[field].value == value
    assert effective[field].source == f"env:{name}"


@pytest.mark.parametrize(
    "name", ["IHE_TEST_UTIL_TRACEBACK", "IHE_TEST_PKCS12_PASSWORD", "IHE_TEST_OTHER_PASSWORD", "HOME"]
)
def test_other_variables_are_left_alone(here: Path, name: str) -> None:
    """Passwords, and what is not the client's."""
    assert not list(here.iterdir())
    assert set(load_client_config(environ={name: "geheim"}).sources.values()) == {"default"}


def test_the_variable_of_the_password_may_have_any_name(here: Path) -> None:
    """One that begins like ours is no unknown field."""
    content = {"certificates": {"pkcs12_password_env_var": "IHE_TEST_KEYWORD"}}

    assert loaded(here, content, {"IHE_TEST_KEYWORD": "geheim"}).config.certificates.pkcs12_password_env_var


def test_every_field_has_a_variable_of_its_own() -> None:
    """So that none is ambiguous; those of the requirement have their names."""
    names = variables()

    assert len(set(names.values())) == len(names)
    assert names["endpoints.pix_add_url"] == "IHE_TEST_PIX_ADD_URL"
    assert names["endpoints.iti41_url"] == "IHE_TEST_ITI41_URL"
    short = [name for field, name in names.items() if field.partition(".")[0] in {"certificates", "transport"}]
    assert not any("__" in name for name in short)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"endpoint": {}}, '1:2: endpoint: unknown field "endpoint"; did you mean "endpoints"?'),
        (
            {"transport": {"max_retrys": 1}},
            '1:16: transport.max_retrys: unknown field "max_retrys"; did you mean "max_retries"?',
        ),
        ({"transport": {"max_retries": -1}}, "1:31: transport.max_retries: -1 is not in 0-100"),
        ({"transport": {"timeout_read": 0}}, "1:32: transport.timeout_read: 0 is not greater than 0 and at most 3600"),
        ({"transport": {"verify_tls": "yes"}}, '1:30: transport.verify_tls: "yes" is not true or false'),
        ({"logging": {"log_file": " "}}, "1:26: logging.log_file: is blank; a path is expected"),
        (
            {"certificates": {"cert_format": "p12"}},
            '1:34: certificates.cert_format: "p12" is not one of pem, pkcs12, der; did you mean "pkcs12"?',
        ),
        (
            {"certificates": {"key_path": "k"}},
            "1:19: certificates.key_path: is given without cert_path; a key needs its certificate",
        ),
        (
            {"certificates": {"cert_path": "c", "key_path": "k", "cert_format": "pkcs12"}},
            "1:54: certificates.cert_format: a PKCS#12 file brings its own private key; leave key_path out",
        ),
        (
            {"certificates": {"cert_path": "c", "cert_format": "der"}},
            "1:37: certificates.cert_format: a DER file holds no private key beside the certificate; give key_path too",
        ),
        (
            {"endpoints": {"pix_add_url": "localhost:8080"}},
            (
                "1:31: endpoints.pix_add_url: the URL does not begin with http:// or https://: 'localhost:8080'; "
                "expected http://host:port/path or https://host:port/path; did you mean http://localhost:8080?"
            ),
        ),
        (
            {"identifiers": {"sender_oid": "1.2.x"}},
            (
                '1:32: identifiers.sender_oid: "1.2.x" is no OID: numbers between dots, as in 2.999.1.2, at most 64 '
                "characters"
            ),
        ),
        (
            {"metadata": {"class_code": {"code": "X"}}},
            "1:29: metadata.class_code.scheme: is missing; text is expected",
        ),
        (
            {"metadata": {"confidentiality_codes": []}},
            "1:40: metadata.confidentiality_codes: is empty; leave it out for the default",
        ),
        (
            {"metadata": {"confidentiality_codes": [{"code": "N", "scheme": "1.2", "displya": ""}]}},
            '1:72: metadata.confidentiality_codes.0.displya: unknown field "displya"; did you mean "display"?',
        ),
        (
            {"metadata": {"author": {"last_name": "A^B"}}},
            '1:39: metadata.author.last_name: has "^", which separates the parts of names in document metadata',
        ),
        (
            {"saml": {"roles": ["doctor"]}},
            (
                '1:21: saml.roles.0: "doctor" is no coded value: CODE^DISPLAY NAME^SYSTEM OID, for example '
                "'TREATMENT^Treatment^2.16.840.1.113883.3.18.7.1'"
            ),
        ),
        (
            {"saml": {"assertion_per": "patient"}},
            '1:28: saml.assertion_per: "patient" is not one of message, run, none',
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(here: Path, content: object, problem: str) -> None:
    """Line, column, field, value and what is allowed."""
    assert refusal(here, content) == [problem]


def test_all_problems_come_at_once(here: Path) -> None:
    """Those of the file by line, then those of the environment."""
    content = '{\n"endpoints": {"iti41_url": "ftp://x/"},\n"loging": {},\n"transport": {"timeout_connect": "soon"}\n}'

    lines = refusal(here, content, {"IHE_TEST_PIXADD_URL": HTTPS, "IHE_TEST_LEVEL": "loud"})

    assert [line.partition(": ")[0] for line in lines] == [
        "2:28",
        "3:1",
        "4:34",
        "env:IHE_TEST_LEVEL",
        "env:IHE_TEST_PIXADD_URL",
    ]
    assert lines[-1].endswith('no such variable; did you mean "IHE_TEST_PIX_ADD_URL"?')


@pytest.mark.parametrize("field", ["pkcs12_password", "password", "key_passphrase", "PASSWORD", "p12_pwd", "secret"])
def test_a_password_in_the_file_is_refused_with_the_reason(here: Path, field: str) -> None:
    """Wherever it stands; and it is not shown."""
    for content in ({field: "geheim"}, {"certificates": {field: "geheim"}}):
        (line,) = refusal(here, content)
        assert "a password does not belong here: it is read from the environment only" in line
        assert "geheim" not in line


def test_a_password_for_the_name_of_its_variable_is_refused(here: Path) -> None:
    """What is no name of a variable may be the password, and is not shown."""
    (line,) = refusal(here, {"certificates": {"pkcs12_password_env_var": "s3cr et!"}})

    assert "is no name of an environment variable" in line
    assert "s3cr" not in line


def test_a_password_within_a_url_is_for_the_environment(here: Path) -> None:
    """Refused in the file, taken from the variable, never shown."""
    url = "https://user:geheim@pix.example.org/feed"

    (line,) = refusal(here, {"endpoints": {"pix_add_url": url}})
    assert line == (
        "1:31: endpoints.pix_add_url: a password does not belong in a file; give the whole URL by the variable "
        "IHE_TEST_PIX_ADD_URL"
    )
    (line,) = refusal(here, {"endpoints": {"pix_add_url": "ftp://user:geheim@x/"}})
    assert "geheim" not in line

    found = load_client_config(environ={"IHE_TEST_PIX_ADD_URL": url})
    assert found.config.endpoints.pix_add_url == url
    assert found.effective()[0].value == "https://user:***@pix.example.org/feed"


def test_comments_are_allowed_everywhere(here: Path) -> None:
    """Beside sections, fields and the members of lists."""
    code = {"_comment": "normal", "code": "N", "scheme": "2.16.840.1.113883.5.25"}
    content = {"$schema": "x", "_comment": "a", "metadata": {"_comment_b": "b", "confidentiality_codes": [code]}}

    codes = loaded(here, content).config.metadata.codes.confidentiality_codes

    assert [each.code for each in codes] == ["N"]


def test_sources_reach_into_lists(here: Path) -> None:
    """A member of a list is known by its index; the list replaces the default whole."""
    content = (
        '{"metadata": {"confidentiality_codes": [\n{"code": "R", "scheme": "1.2"},\n{"code": "N", "scheme": "1.2"}]}}'
    )

    sources = loaded(here, content).sources

    assert sources["metadata.confidentiality_codes.1.code"] == f"{here / 'client.json'}:3"
    assert sources["metadata.confidentiality_codes.1.display"] == "default"


def test_doubts_are_about_this_machine(here: Path) -> None:
    """Files that are not there, a password that is not set, trust that is off; a sound configuration has none."""
    content = {
        "certificates": {"cert_path": "us.p12", "cert_format": "pkcs12"},
        "transport": {"ca_path": "ca.pem", "verify_tls": False},
    }
    config = loaded(here, content).config

    assert doubts(config, {}) == (
        "certificates.cert_path: there is no file us.p12",
        "transport.ca_path: there is no file ca.pem",
        "the password's variable IHE_TEST_PKCS12_PASSWORD is not set",
        "transport.verify_tls is off: a server of HTTPS may be anybody",
    )
    assert doubts(ClientConfig(), {}) == ()


def test_what_assertions_say_comes_from_the_section_saml(here: Path) -> None:
    """Coded values are read, the patient is named unless switched off, a template is read from its file."""
    content = {
        "saml": {
            "assertion_per": "run",
            "roles": ["112247003^Medical doctor^2.16.840.1.113883.6.96"],
            "attributes": {"urn:example:ward": "3"},
            "confirmation": "holder-of-key",
            "home_community_id": "urn:oid:2.999.7",
        }
    }
    saml = loaded(here, content).config.saml
    settings = saml.assertion_settings(patient_id="P-1^^^&2.999.1&ISO", recipient=HTTPS)

    assert saml.assertion_per is AssertionPer.RUN
    assert [str(role) for role in settings.roles] == ["112247003^Medical doctor^2.16.840.1.113883.6.96"]
    assert settings.attributes == (("urn:example:ward", "3"),)
    assert settings.resource_id == "P-1^^^&2.999.1&ISO"
    assert settings.recipient == HTTPS
    assert settings.home_community_id == "urn:oid:2.999.7"
    quiet = loaded(here, {"saml": {"resource_id": False}}).config.saml
    assert quiet.assertion_settings(patient_id="P-1^^^&2.999.1&ISO").resource_id == ""
