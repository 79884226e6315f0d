"""A listing that lies about its objects: what comes is held against it, and nothing is taken for read that was not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from s3guard.listing import Page, Query, Stored
from s3guard.refusals import CHANGED
from s3guard.sources import Scope, Sources, UnreadableError
from tests.s3.access import reached
from tests.s3.shelf import Shelf, served

CONTENT = b"content"
LIES: dict[str, tuple[Callable[[Stored], Stored], bytes | str]] = {
    "smaller": (lambda one: replace(one, size=2), CHANGED),
    "larger": (lambda one: replace(one, size=99), CHANGED),
    "huge": (lambda one: replace(one, size=10**15), CHANGED),
    "another ETag": (lambda one: replace(one, etag='"00"'), CHANGED),
    "no ETag": (lambda one: replace(one, etag=None), CONTENT),
    "an ETag that no header can hold": (lambda one: replace(one, etag='"x\ny"'), CONTENT),
}


def read(lie: Callable[[Stored], Stored], patch: pytest.MonkeyPatch) -> dict[str, bytes | str]:
    """What comes of two objects, one of them with a key that only the SDK can read."""

    class Liar(Shelf):
        def page(self, query: Query) -> Page:
            page = super().page(query)
            return Page([lie(one) for one in page.objects], page.folders, page.token)

    found: dict[str, bytes | str] = {}
    with served(Liar({"a": CONTENT, "a//b": CONTENT})) as address:
        reached(patch, address)
        sources = Sources(Scope())
        for entry, pieces in sources.read(sources.objects(["s3://logs"])):
            try:
                found[entry.name] = b"".join(pieces)
            except UnreadableError as error:
                found[entry.name] = str(error)
    return found


@pytest.mark.parametrize("lie", LIES)
def test_an_object_that_is_not_what_was_listed_is_unreadable(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told, expected = LIES[lie]
    assert {"s3://logs/a": expected, "s3://logs/a//b": expected} == read(told, monkeypatch)


def test_objects_of_less_than_no_bytes_are_no_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(lambda one: replace(one, size=-1), monkeypatch)
    assert {"s3://logs/": "listing failed: an object of less than no bytes is not what S3 would list"} == found
