"""The values of multipart/related packages: limits, parts, the package itself (RFC 2387; XOP 1.0, 4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.soap import package_faults as faults
from ihe_test_util.soap.mime import MULTIPART_RELATED, ContentType, Headers


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """What a package may cost us; sizes in bytes. Header bytes count for one part, and for all parts together."""

    max_parts: int = 10_000
    max_header_bytes: int = 64 * 1024
    max_all_header_bytes: int = 8 * 1024 * 1024
    max_root_bytes: int = 32 * 1024 * 1024
    max_total_bytes: int = 16 * 1024 * 1024 * 1024


DEFAULT_LIMITS: Final = MultipartLimits()


@dataclass(frozen=True, slots=True)
class Part:
    """One part: ``content_id`` bare and ``content_type`` as sent, both empty where the part has none.

    ``number`` is its place in the package, from 1.
    """

    content_id: str
    content_type: str
    headers: Headers
    content: Content
    number: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """A whole package: the root part, and the parts beside it in the order they came."""

    root: Part
    parts: tuple[Part, ...]
    content_type: ContentType

    def discard(self) -> None:
        """Remove the spool files that are still where they arrived; one that was moved away is left alone."""
        remove_spooled(self.parts)


def boundary_of(content_type: ContentType) -> bytes:
    """The boundary that a content type announces.

    Raises:
        MimeMalformed: no multipart/related, no boundary, or one that cannot be.
    """
    if content_type.media_type != MULTIPART_RELATED:
        raise faults.not_related(content_type)
    boundary = content_type.param("boundary")
    if not boundary:
        raise faults.no_boundary(content_type)
    if not faults.BOUNDARY.fullmatch(boundary):
        raise faults.bad_boundary(boundary)
    return boundary.encode("ascii")


def remove_spooled(parts: Iterable[Part]) -> None:
    """Remove the files that parts were spooled to, where they still are."""
    for part in parts:
        if part.content.path is not None:
            part.content.path.unlink(missing_ok=True)
