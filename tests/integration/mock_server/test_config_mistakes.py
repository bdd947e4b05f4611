"""Configurations that cannot be used: every mistake is named at once, with its place and what was meant."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_test_util.mock_server.config import (
    load_config,
)
from tests.support.config_files import refusal, written

NOBODY = 65534


@pytest.fixture
def unprivileged(here: Path) -> Iterator[None]:
    """The rights of a user who is not root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows has no file modes to withhold reading by")
    if os.geteuid() != 0:
        yield
        return
    here.chmod(0o755)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


def test_every_mistake_is_named_at_once_with_its_place(here: Path) -> None:
    """One message lists all problems of all layers: place, field, value, range, and the nearest known name."""
    path = written(
        here / "c.json",
        """{
  "http_port": 80800,
  "http_prot": 1,
  "host": 5,
  "log_level": "debgu",
  "pix_add_behavior": {"failure_rate": 1.5, "validation_mode": "stric", "failure_rat": 0},
  "response_templates": {"too_larg": "x", "too_slow": {"http_status": 99}, "not_mtom": 5},
  "save_submitted_documents": "yes",
  "send_timeout_s": 0,
  "max_xml_bytes": 0,
  "cert_path": 7,
  "random_seed": 1.5,
  "host": "a b"
}
""",
    )

    lines = refusal(
        path,
        environ={"MOCK_SERVER_HTTPS_PORT": "abc", "MOCK_SERVER_PORT": "8080", "MOCK_SERVER_ITI41_BEHAVIOR": '{"a"'},
        overrides={"journal_max_bytes": 0},
    )

    assert lines == [
        f"{path}:2:16: http_port: 80800 is not in 1-65535",
        f'{path}:3:3: http_prot: unknown field "http_prot"; did you mean "http_port"?',
        f'{path}:5:16: log_level: "debgu" is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL; did you mean "DEBUG"?',
        f"{path}:6:40: pix_add_behavior.failure_rate: 1.5 is not in 0.0-1.0",
        f'{path}:6:64: pix_add_behavior.validation_mode: "stric" is not one of strict, lenient; did you mean "strict"?',
        f'{path}:6:73: pix_add_behavior.failure_rat: unknown field "failure_rat"; did you mean "failure_rate"?',
        f'{path}:7:26: response_templates.too_larg: unknown name "too_larg"; did you mean "too_large"?',
        f"{path}:7:71: response_templates.too_slow.http_status: 99 is not in 200-599",
        f"{path}:7:88: response_templates.not_mtom: 5 is not text or an object",
        f'{path}:8:31: save_submitted_documents: "yes" is not true or false',
        f"{path}:9:21: send_timeout_s: 0 is not greater than 0 and at most 3600",
        f"{path}:10:20: max_xml_bytes: 0 is not at least 1",
        f"{path}:11:16: cert_path: 7 is not a path",
        f"{path}:12:18: random_seed: 1.5 is not a whole number, at least 0",
        f"{path}:13:3: host: the key is there twice, first in line 4",
        f'{path}:13:11: host: "a b" is not a host name or address, such as 127.0.0.1, ::1, 0.0.0.0 or localhost',
        "env:MOCK_SERVER_ITI41_BEHAVIOR: iti41_behavior: not JSON: the text ends in the middle (line 1, column 5)",
        '    {"a"',
        "        ^",
        'env:MOCK_SERVER_HTTPS_PORT: https_port: "abc" is not a whole number in 1-65535',
        "command line: journal_max_bytes: 0 is not at least 1",
        'env:MOCK_SERVER_PORT: port: unknown field "port"; did you mean "http_port"?',
    ]


def test_mistakes_between_fields_are_placed_too(here: Path) -> None:
    """What two fields make wrong together is shown where the file says it."""
    path = written(
        here / "c.json",
        '{"pix_add_endpoint": "/pix",\n "endpoint_behaviors": {\n'
        '  "ITI-4": {},\n  "ITI-41": {"custom_patient_id": "1"}}}',
    )

    lines = refusal(path)

    assert lines[0].startswith(
        f"{path}:3:3: endpoint_behaviors.ITI-4: no transaction or endpoint has this name; did you"
    )
    assert lines[1].startswith(f"{path}:4:14: endpoint_behaviors.ITI-41.custom_patient_id: ")
    assert len(lines) == 2


def test_a_broken_file_does_not_hide_mistakes_elsewhere(here: Path) -> None:
    """The environment is checked although the file cannot be read; what depends on the file is not judged."""
    path = written(here / "c.json", '{"pix_add_endpoint": "/custom",')

    lines = refusal(
        path,
        environ={"MOCK_SERVER_HTTP_PORT": "0", "MOCK_SERVER_ENDPOINT_BEHAVIORS": '{"/custom": {"failure_rate": 1}}'},
    )

    assert lines == [
        f"{path}:1:32: not JSON: the text ends in the middle",
        '    {"pix_add_endpoint": "/custom",',
        "                                   ^",
        "env:MOCK_SERVER_HTTP_PORT: http_port: 0 is not in 1-65535",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; write {} for the defaults"),
        (b" \n\t\n", "is empty; write {} for the defaults"),
        (b"\xef\xbb\xbf", "is empty; write {} for the defaults"),
        (b"[]", "holds a list; a JSON object is expected"),
        (b"null", "holds null; a JSON object is expected"),
        (b'{"host": "\xff"}', "is not UTF-8 (byte 0xff in line 1)"),
        ('{"host": "a"}'.encode("utf-16"), "is not UTF-8 (it looks like UTF-16)"),
        (b" " * (4 * 1024 * 1024 + 1), "has more than 4,194,304 bytes"),
    ],
)
def test_what_is_no_configuration_at_all_is_said_so(here: Path, content: bytes, words: str) -> None:
    """Empty files, other encodings, other JSON and absurd sizes are each named for what they are."""
    path = here / "c.json"
    path.write_bytes(content)

    (line,) = refusal(path)

    assert line.startswith(f"{path}: ")
    assert words in line


def test_a_byte_order_mark_is_accepted(here: Path) -> None:
    """What Windows editors put in front of UTF-8 does no harm."""
    path = here / "c.json"
    path.write_bytes(b'\xef\xbb\xbf{"http_port": 1}')

    assert load_config(path, environ={}).http_port == 1


def test_a_directory_is_no_configuration(here: Path) -> None:
    """A directory is named as what it is."""
    assert refusal(here) == [f"{here}: is a directory"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_does_not_hold_up_the_server(here: Path) -> None:
    """A named pipe that nobody writes to is refused at once."""
    os.mkfifo(here / "c.json")

    assert refusal(here / "c.json") == [f"{here / 'c.json'}: is not a regular file"]


@pytest.mark.usefixtures("unprivileged")
def test_a_file_that_may_not_be_read_is_said_so(here: Path) -> None:
    """Missing rights are told apart from a missing file."""
    path = Path("mine.json")
    if os.geteuid() == NOBODY:
        os.seteuid(0)
        written(path, {}).chmod(0)
        os.seteuid(NOBODY)
    else:
        written(path, {}).chmod(0)

    assert refusal(path) == [f"{here / path}: cannot be read: Permission denied"]


def test_what_a_terminal_would_obey_is_shown_as_an_escape(here: Path) -> None:
    """A key with control characters, or a variable with bytes that are no text, cannot upset terminal or log."""
    path = written(here / "c.json", '{"\\u001b[31mred": 1}')

    lines = refusal(path, environ={"MOCK_SERVER_\udcff": "1", "MOCK_SERVER_HOST__\x07": "2"})

    assert "\\x1b[31mred" in lines[0]
    assert "\\udcff" in "".join(lines)
    assert all(line.isprintable() for line in lines)


def test_a_flood_of_mistakes_is_cut(here: Path) -> None:
    """A file of another program does not fill the screen with a thousand unknown fields."""
    path = written(here / "c.json", {f"zzz{number}": 1 for number in range(1000)})

    lines = refusal(path)

    assert len(lines) == 51
    assert lines[-1] == "… and 950 more"
