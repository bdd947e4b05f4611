"""What was chosen by hand and decides what a run sends, where to and how; kept, so that ``--resume`` alone will do."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of the command line under their own names; None or False is what was not given. Paths are absolute."""

    config: str | None = None
    pix_add_url: str | None = None
    iti41_url: str | None = None
    http: bool = False
    cert: str | None = None
    key: str | None = None
    ca: str | None = None
    insecure: bool = False
    assertion_per: str | None = None
    soap: str | None = None
    addressing: bool | None = None
    skip_invalid: bool = False

    @classmethod
    def of_json(cls, found: Mapping[str, object]) -> Self:
        """The choices that ``as_json`` wrote.

        Raises:
            TypeError: a name is not known, or a value is of another kind.
        """
        for name, value in found.items():
            if not isinstance(value, bool if name in _FLAGS else str):
                raise TypeError(f"{name}: {value!r}")
        return cls(**found)  # type: ignore[arg-type]  # checked above, name by name

    def as_json(self) -> dict[str, object]:
        """What was given, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != _UNSET[name]}

    def after(self, before: Self) -> Self:
        """These choices, with those of an earlier part of the run for what is not chosen anew."""
        kept = before.as_json()
        if self.cert is not None:
            kept.pop("key", None)  # a new certificate has a key of its own
        if self.ca is not None:
            kept.pop("insecure", None)
        if self.pix_add_url is not None or self.iti41_url is not None:
            kept.pop("http", None)
        return type(self).of_json(kept | self.as_json())

    def changes(self, before: Self) -> Iterator[str]:
        """What is chosen otherwise than before, in words."""
        for one in fields(self):
            then, now = getattr(before, one.name), getattr(self, one.name)
            if then != now and one.name not in {"key", "skip_invalid"}:
                yield f"{_option(one.name)} is {_word(now)} from now on; it was {_word(then)}"

    def skipping(self, *, skip_invalid: bool) -> Self:
        """These choices, with or without rows that cannot be used."""
        return replace(self, skip_invalid=skip_invalid)


_UNSET = {one.name: one.default for one in fields(Choices)}
_FLAGS = frozenset({"http", "insecure", "addressing", "skip_invalid"})


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else str(value)
