"""Answers to requests that are for no endpoint: what was probably meant, and where that is."""

import difflib

from aiohttp import web

from ihe_test_util.errors import FaultCode, Scenario
from ihe_test_util.mock_server.receive import announced_version
from ihe_test_util.mock_server.reply import fault_reply
from ihe_test_util.mock_server.routing import Routes
from ihe_test_util.soap.addressing import NONE
from ihe_test_util.soap.fault import Fault
from ihe_test_util.soap.version import SoapVersion

_SERVER_ERRORS = 500
_SHOWN_CHARACTERS = 80


def guide(request: web.BaseRequest, routes: Routes) -> web.Response:
    """Say how an endpoint is used, or which paths there are; 405 where the method is wrong, else 404."""
    endpoint = routes.get(request.path)
    if endpoint is not None:
        text = (
            f"{endpoint.path} answers {endpoint.answers}: POST a SOAP message to it,"
            f" or GET {endpoint.path}?wsdl for its description.\n"
        )
        allowed = {"Allow": "GET, POST"}
        if request.method == "GET":
            return web.Response(text=text)
        return web.Response(status=405, text=f"{request.method} is not answered here.\n{text}", headers=allowed)
    if request.path == "/":
        return web.Response(text=f"This is a mock IHE domain (ihe-test-util).\n{_listing(routes)}")
    if request.path == "/health":
        return web.Response(status=405, text="/health answers GET.\n", headers={"Allow": "GET, HEAD"})
    return web.Response(
        status=404, text=f"There is nothing at {request.path!r}.{_nearest(request.path, routes)}\n{_listing(routes)}"
    )


def http_error(status: int, message: str, *, hint: str = "") -> web.Response:
    """A fault for a request that is not HTTP that can be read; nobody knows its SOAP version, so 1.2.

    The first line of ``message`` says what is wrong, the next one shows where.
    """
    problem, _, shown = message.strip().partition("\n")
    parts = [f"the HTTP request cannot be read: {problem.rstrip(':') or 'no further detail'}"]
    if excerpt := shown.strip().partition("\n")[0]:
        parts.append(f"got: {excerpt if len(excerpt) <= _SHOWN_CHARACTERS else excerpt[:_SHOWN_CHARACTERS] + '…'}")
    if hint:
        parts.append(f"try: {hint}")
    code = FaultCode.SENDER if status < _SERVER_ERRORS else FaultCode.RECEIVER
    fault = Fault(code, "; ".join(parts), Scenario.MALFORMED_MESSAGE, http_status=status)
    reply = fault_reply(fault, version=announced_version("") or SoapVersion.V12, addressing=NONE, new_uuid="")
    return web.Response(status=status, body=reply.body, headers={"Content-Type": reply.content_type})


def nearest_path(path: str, routes: Routes) -> str | None:
    """The mounted path that was probably meant."""
    if path.rstrip("/") in routes:
        return path.rstrip("/")
    close = difflib.get_close_matches(path.lower(), list(routes), n=1, cutoff=0.4)
    return close[0] if close else None


def _nearest(path: str, routes: Routes) -> str:
    meant = nearest_path(path, routes)
    return f" Did you mean {meant}?" if meant else ""


def _listing(routes: Routes) -> str:
    lines = [f"  POST {path}  {endpoint.answers}" for path, endpoint in routes.items()]
    return "\n".join([*lines, "  GET  /health  state of the server", ""])
