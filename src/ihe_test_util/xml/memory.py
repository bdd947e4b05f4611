"""Remembering short texts: what many messages have in common need not be read or written anew for each."""

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def remembering(*, entries: int, length: int) -> Callable[[Callable[[K], str]], Callable[[K], str]]:
    """As ``functools.lru_cache``, but no text longer than ``length`` is kept, so that peers cannot fill the memory."""

    def decorated(make: Callable[[K], str]) -> Callable[[K], str]:
        known: dict[K, str] = {}

        def text_of(key: K) -> str:
            found = known.get(key)
            if found is None:
                found = make(key)
                if len(found) <= length:
                    if len(known) >= entries:
                        known.clear()
                    known[key] = found
            return found

        return text_of

    return decorated
