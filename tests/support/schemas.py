"""The XSDs that lie beside the repository, where they are there."""

import importlib.util
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import cast

from lxml import etree

from ihe_test_util.xml.io import Element

CHECK = Path(__file__).parents[3] / "shared" / "schemas" / "check.py"

Problems = Callable[[Element], Sequence[tuple[int, str]]]


@cache
def schema_check() -> Problems | None:
    """The function that validates an element by its name; None where there are no schemas."""
    if not CHECK.is_file():
        return None
    spec = importlib.util.spec_from_file_location("schema_check", CHECK)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Problems", module.problems)


def problems_of_payload(envelope: Element) -> Sequence[tuple[int, str]]:
    """What the schemas say against the message in a SOAP Body; nothing of faults, nor where there are no schemas."""
    check = schema_check()
    body = next((child for child in envelope if etree.QName(child).localname == "Body"), None)
    if check is None or body is None or len(body) == 0 or etree.QName(body[0]).localname == "Fault":
        return ()
    return tuple(check(deepcopy(body[0])))
