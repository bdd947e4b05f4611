"""Names of files that are safe on every system, from texts that anybody may have chosen."""

import hashlib
import re
from typing import Final

_READABLE_CHARACTERS: Final = 80
_HASH_CHARACTERS: Final = 12
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
# Names of devices on Windows, with any extension.
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def safe_stem(text: str, *identity: str, default: str) -> str:
    """A file name without extension: what is readable of ``text`` (else ``default``), and a hash of ``identity``.

    It is a plain name on every system; equal names mean equal identities, also where case does not count.
    """
    readable = _UNSAFE.sub("_", text[: 2 * _READABLE_CHARACTERS])[:_READABLE_CHARACTERS].strip("._-")
    if _RESERVED.fullmatch(readable):
        readable = f"_{readable}"
    digest = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
    return f"{readable or default}-{digest}"
