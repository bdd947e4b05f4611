"""What is unsafe about the way to an endpoint: a warning, never a question."""

from collections.abc import Iterable, Sequence

from ihe_test_util.cli.output import show_warning
from ihe_test_util.client.endpoint import Endpoint


def warn_of_transport(endpoints: Iterable[Endpoint], *, verbose: bool = False, without_use: Sequence[str] = ()) -> None:
    """Warn of plain HTTP and of servers that anybody could be, once for each host; call it once in a command.

    Plain HTTP to this very machine passes no wire; it is told where ``verbose``. ``without_use`` are options
    that were given and do nothing where no endpoint is one of HTTPS.
    """
    told: set[str] = set()
    known = tuple(endpoints)
    if without_use and not any(endpoint.https for endpoint in known):
        address = known[0].address if known else "the URL"
        show_warning(f"{', '.join(without_use)} without use: {address} is plain HTTP; is https:// meant?")
    for endpoint in known:
        host = endpoint.host_port
        if host in told:
            continue
        told.add(host)
        if endpoint.https:
            if not endpoint.tls.verify:
                show_warning(f"certificates are not checked (--insecure, transport.verify_tls): {host} may be anybody")
        elif not endpoint.local:
            show_warning(f"plain HTTP to {host}: anybody on the way can read and change the message")
        elif verbose:
            show_warning(f"plain HTTP to {host}")
