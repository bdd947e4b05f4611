"""Clients that nobody here wrote, built from the sources beside this file, and a mock server for them to talk to."""

import fcntl
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from lxml import etree

from tests.support.patience import PATIENCE_S

HERE = Path(__file__).parent
MESSAGES = HERE / "messages"
JARS = Path("/usr/share/java")
#: The least version of Java that IPF 5 runs on.
JAVA_OF_IPF = 17
#: jaxws-rt.jar names what else it needs in its manifest.
JAXWS_JARS = ("jaxws-rt.jar", "jaxws-api.jar", "jaxb-api.jar", "javax.activation.jar")
GSOAP_IMPORTS = Path("/usr/share/gsoap/import")
LIMIT_S = float(PATIENCE_S)
#: Maven downloads some 35 MB when it comes by for the first time.
DOWNLOAD_LIMIT_S = 600.0

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
#: Transactions that have no field of their own for their behaviour.
QUERIES = ("ITI-45", "ITI-47", "ITI-55", "ITI-18", "ITI-43")
#: Paths that several transactions share, as on many a real server.
CROWDED = {
    "/registry": ("ITI42", "ITI18", "ITI57", "ITI62", "ITI92"),
    "/repository": ("ITI41", "ITI43", "ITI86"),
    "/patients": ("PIX_ADD", "PIX_QUERY", "PDQ"),
}
#: The goal that copies a project's dependencies; its version is pinned, as those of pom.xml are.
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
#: ITI TF-3: 4.2.5.1, the schemes of XDSDocumentEntry.uniqueId and XDSSubmissionSet.uniqueId.
DOCUMENT_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
UNIQUE_IDS = {DOCUMENT_ID, "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"}


@dataclass(frozen=True)
class Outcome:
    """What a client printed, and whether it took the answer for a success."""

    accepted: bool
    output: str


@dataclass(frozen=True)
class Client:
    """A client's command; the head of its source tells what to call it with."""

    command: tuple[str, ...]
    limit_s: float = LIMIT_S

    def __call__(self, *arguments: str | Path, java: Sequence[str] = ()) -> Outcome:
        """Run it to its end; ``java`` are options of the virtual machine."""
        command = [self.command[0], *java, *self.command[1:], *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=self.limit_s)
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}\n{done.stderr}"
        return Outcome(done.returncode == 0, done.stdout.strip())


@dataclass(frozen=True)
class Mock:
    """A running mock server: its URL and its working directory."""

    url: str
    directory: Path

    def saved(self, document: Path) -> bool:
        """Whether a document with these very bytes is among those that it saved."""
        content = document.read_bytes()
        places = (self.directory / "mocks" / "data" / "documents").rglob("*")
        return any(place.read_bytes() == content for place in places if place.is_file())


def need(what: str, *, there: bool) -> None:
    """Skip where a system package is missing; in CI, where it must be there, fail."""
    if there:
        return
    reason = f"{what} is not installed: tests/interop/install-system-packages.sh"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def built(config: pytest.Config, name: str, sources: Sequence[Path], build: Callable[[Path], None]) -> Path:
    """The directory with what ``build`` made of ``sources``, in pytest's cache; made anew when a source changes."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in (*sources, Path(__file__)))).hexdigest()[:16]
    place: Path = config.cache.mkdir("interop") / f"{name}-{digest}"
    if not place.exists():
        making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place.parent))
        try:
            build(making)
            making.rename(place)
        except OSError:
            if not place.exists():  # where it does, another worker was faster
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return place


def run(*command: str | Path) -> None:
    """Run a compiler; when it fails, the test does, and shows what it said."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=2 * LIMIT_S)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def download(project: Path, place: Path) -> None:
    """Have Maven copy what a project depends on into a directory; the first time it downloads, then it has a cache.

    Where that cannot be had the tests that need it are skipped; in CI they fail.
    """
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--file", str(project), COPY_JARS]
    command += [f"-DoutputDirectory={place}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_LIMIT_S)
    if done.returncode != 0 and os.environ.get("CI", "").lower() != "true":
        pytest.skip(f"Maven cannot get what {project.name} depends on: {done.stdout[-2000:]}")
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def java_client(pytestconfig: pytest.Config) -> Client:
    """JAX-WS RI on the machine's JDK."""
    need("a JDK", there=shutil.which("javac") is not None)
    need("libjaxws-java", there=all((JARS / jar).exists() for jar in JAXWS_JARS))
    jars = os.pathsep.join(str(JARS / jar) for jar in JAXWS_JARS)
    source = HERE / "java" / "InteropClient.java"

    def build(place: Path) -> None:
        run("javac", "-nowarn", "-cp", jars, "-d", place, source)

    classes = built(pytestconfig, "java", [source], build)
    return Client(("java", "-cp", f"{classes}{os.pathsep}{jars}", "InteropClient"))


@pytest.fixture(scope="session")
def ipf_client(pytestconfig: pytest.Config) -> Client:
    """IPF's clients, which Apache CXF lies under, from Maven Central."""
    need("Maven", there=shutil.which("mvn") is not None)
    need("a JDK of version 17 or later", there=shutil.which("javac") is not None and _java_version() >= JAVA_OF_IPF)
    project, source = HERE / "ipf" / "pom.xml", HERE / "ipf" / "IpfClient.java"

    def build(place: Path) -> None:
        download(project, place / "jars")
        run("javac", "-nowarn", "--release", str(JAVA_OF_IPF), "-cp", place / "jars" / "*", "-d", place, source)

    # Two workers of one run must not download into one cache at the same time.
    with (pytestconfig.cache.mkdir("interop") / "maven.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = built(pytestconfig, "ipf", [project, source], build)
    quiet = f"-Djava.util.logging.config.file={HERE / 'ipf' / 'logging.properties'}"
    return Client(("java", quiet, "-cp", f"{place}{os.pathsep}{place / 'jars' / '*'}", "IpfClient"), 3 * LIMIT_S)


@pytest.fixture(scope="session", params=["1.2", "1.1"])
def gsoap_client(request: pytest.FixtureRequest) -> Client:
    """gSOAP, generated from interop.h for one version of SOAP."""
    need("gsoap", there=shutil.which("soapcpp2") is not None and GSOAP_IMPORTS.is_dir())
    need(
        "a C compiler with libgsoap-dev", there=shutil.which("gcc") is not None and _pkg_config("--exists") is not None
    )
    version = request.param.removeprefix("1.")
    header, source = HERE / "gsoap" / "interop.h", HERE / "gsoap" / "client.c"

    def build(place: Path) -> None:
        run("soapcpp2", "-c", "-C", "-L", "-x", "-w", f"-{version}", "-d", place, "-I", GSOAP_IMPORTS, header)
        flags, libraries = _pkg_config("--cflags") or [], _pkg_config("--libs") or []
        generated = [place / "soapC.c", place / "soapClient.c"]
        run("gcc", "-I", place, *flags, "-o", place / "client", source, *generated, *libraries)

    return Client((str(built(request.config, f"gsoap-soap1{version}", [header, source], build) / "client"),))


@pytest.fixture(scope="session")
def wsimport(pytestconfig: pytest.Config) -> Callable[[Path, Sequence[str]], None]:
    """JAX-WS RI's generator: for the WSDLs at some URLs the directories 0, 1, … in a directory."""
    need("a JDK", there=shutil.which("javac") is not None)
    jars = [JARS / "jaxws-tools.jar", *(JARS / jar for jar in JAXWS_JARS)]
    need("libjaxws-java", there=all(jar.exists() for jar in jars))
    source = HERE / "java" / "WsImports.java"
    path = os.pathsep.join(map(str, jars))

    def build(place: Path) -> None:
        run("javac", "-nowarn", "-cp", path, "-d", place, source)

    classes = built(pytestconfig, "wsimport", [source], build)

    def generate(place: Path, urls: Sequence[str]) -> None:
        run("java", "-cp", f"{classes}{os.pathsep}{path}", "WsImports", place, *urls)

    return generate


@pytest.fixture(scope="session")
def stub_client(
    wsimport: Callable[[Path, Sequence[str]], None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Client]:
    """From the URL of an ITI-43 endpoint to a client that is compiled against what its WSDL makes."""
    made: dict[str, Client] = {}

    def client_of(url: str) -> Client:
        if url not in made:
            place = tmp_path_factory.mktemp("stub")
            wsimport(place, [f"{url}?wsdl"])
            path = os.pathsep.join([str(place / "0"), *(str(JARS / jar) for jar in JAXWS_JARS)])
            run("javac", "-nowarn", "-cp", path, "-d", place / "0", HERE / "java" / "StubClient.java")
            made[url] = Client(("java", "-cp", path, "StubClient"))
        return made[url]

    return client_of


@pytest.fixture(scope="session")
def wsdl2h() -> Callable[[str, Path], None]:
    """The two generators of gSOAP, one after the other: from the WSDL at a URL into a directory."""
    need("gsoap", there=shutil.which("wsdl2h") is not None and GSOAP_IMPORTS.is_dir())

    def generate(url: str, place: Path) -> None:
        run("wsdl2h", "-c", "-o", place / "service.h", url)
        run("soapcpp2", "-c", "-C", "-L", "-x", "-w", "-d", place, "-I", GSOAP_IMPORTS, place / "service.h")

    return generate


def _java_version() -> int:
    """The major version of the JDK."""
    done = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1].partition(".")[0])


def _pkg_config(option: str) -> list[str] | None:
    if shutil.which("pkg-config") is None:
        return None
    done = subprocess.run(["pkg-config", option, "gsoapssl"], capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else None


@dataclass(frozen=True)
class _Start:
    directory: Path
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _running(start: _Start) -> Iterator[Mock]:
    """A mock server as a process of its own, on a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    strict = {"validation_mode": "strict"}
    settings = {"host": "127.0.0.1", "save_submitted_documents": True}
    settings |= {"pix_add_behavior": strict, "iti41_behavior": strict}
    settings |= {"endpoint_behaviors": dict.fromkeys(QUERIES, strict)}
    (start.directory / "config.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "ihe_test_util", "mock", "start", "--port", str(port), "--config", "config.json"]
    log = start.directory / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *start.arguments],
            cwd=start.directory,
            env={**os.environ, **start.environ},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    scheme = "https" if "--https" in start.arguments else "http"
    try:
        _wait_for_port(process, port, log)
        yield Mock(f"{scheme}://localhost:{port}", start.directory)
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def _wait_for_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the mock server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A mock server over HTTP, in strict mode; it saves documents, and knows the patient of the submissions."""
    with _running(_Start(tmp_path_factory.mktemp("mock"))) as mock:
        feed = (MESSAGES / "feed.xml").read_text("utf-8").partition("?>")[2]
        envelope = f'<e:Envelope xmlns:e="{SOAP12}"><e:Body>{feed}</e:Body></e:Envelope>'
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        with urlopen(Request(f"{mock.url}/pix/add", envelope.encode(), headers), timeout=LIMIT_S) as answer:  # noqa: S310 - our own URL
            assert answer.status == 200
        yield mock


@pytest.fixture(scope="session")
def crowded_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A mock server that answers several transactions on each of three paths."""
    environ = {f"MOCK_SERVER_{name}_ENDPOINT": path for path, names in CROWDED.items() for name in names}
    with _running(_Start(tmp_path_factory.mktemp("crowded"), (), environ)) as mock:
        yield mock


@pytest.fixture(scope="session")
def secure_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """A mock server over HTTPS that made its certificates itself and asks clients for theirs."""
    environ = {"MOCK_SERVER_TLS_CLIENT_AUTH": "required", "MOCK_SERVER_TLS_CA_PATH": "mocks/ca.pem"}
    with _running(_Start(tmp_path_factory.mktemp("secure"), ("--https",), environ)) as mock:
        yield mock


@pytest.fixture
def feed() -> Path:
    """A PIX feed as a file that holds nothing else."""
    return MESSAGES / "feed.xml"


@dataclass(frozen=True)
class Submission:
    """One document, and its metadata alone in a file: unlike any that was submitted before."""

    metadata: Path
    document: Path
    entry_id: str
    unique_id: str

    @property
    def operands(self) -> tuple[str, ...]:
        """What a client's ``submit`` wants after the URL."""
        return str(self.metadata), f"{self.entry_id}={self.document}"

    def grow(self, size: int) -> None:
        """Append ``size`` bytes of noise to the document."""
        with self.document.open("ab") as stream:
            stream.write(random.randbytes(size))  # noqa: S311 - noise, not a secret


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    """A complete lcm:SubmitObjectsRequest, and a document full of what breaks parsers."""
    objects = etree.parse(MESSAGES / "metadata.xml").getroot()
    for identifier in objects.iter(f"{{{RIM}}}ExternalIdentifier"):
        if identifier.get("identificationScheme") in UNIQUE_IDS:
            identifier.set("value", f"2.25.{uuid.uuid4().int}")
    metadata, document = tmp_path / "metadata.xml", tmp_path / "document.bin"
    metadata.write_bytes(etree.tostring(objects, encoding="UTF-8"))
    document.write_bytes(bytes(range(256)) + b"\r\n--uuid:0\r\n--==\r\n--" + uuid.uuid4().bytes)
    entry = next(objects.iter(f"{{{RIM}}}ExtrinsicObject"))
    ids = {
        each.get("identificationScheme"): each.get("value", "") for each in entry.iter(f"{{{RIM}}}ExternalIdentifier")
    }
    return Submission(metadata, document, entry.get("id", ""), ids[DOCUMENT_ID])
