"""Small parts of the server that need no socket."""

from uuid import RFC_4122, UUID

from ihe_test_util.mock_server.app import uuid_source


def test_uuids_are_version_4_and_fresh() -> None:
    """Each is a random UUID in its canonical form, and none comes twice, in one source or in two."""
    first, second = uuid_source(), uuid_source()

    made = [source() for source in (first, second) for _ in range(5_000)]

    assert {(UUID(each).version, UUID(each).variant) for each in made} == {(4, RFC_4122)}
    assert all(str(UUID(each)) == each for each in made)
    assert len(set(made)) == len(made)
