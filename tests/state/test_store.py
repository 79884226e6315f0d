"""A place of run records: names are written once, whole, by one of many writers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import server

from s3guard.model import UnableError, UsageError
from s3guard.state import State, run_head
from s3guard.state.store import Folder, GoneError, Prefix, Store, opened
from tests.s3 import access, shelf

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


put = shelf.Shelf.put


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks S3 on loopback."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    _, port = running.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    running.stop()


def client_of(endpoint: str) -> S3Client:
    """A client of the server."""
    session = boto3.Session("key", "secret", region_name="us-east-1")
    return session.client("s3", endpoint_url=endpoint)


@pytest.fixture(params=["folder", "moto", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str) -> Iterator[Store]:
    """An empty place of each kind."""
    if request.param == "folder":
        yield Folder(tmp_path / "state")
    elif request.param == "memory":
        with shelf.served(shelf.Shelf({}, page=3), "audit") as address:
            yield Prefix(client_of(f"http://{address}"), "audit", "team/state/")
    else:
        client = client_of(endpoint)
        bucket = f"b-{abs(hash(str(tmp_path)))}"
        client.create_bucket(Bucket=bucket)
        yield Prefix(client, bucket, "team/state/")


def test_what_was_created_is_there_and_is_never_changed(place: Store) -> None:
    assert place.names() == []
    assert place.create("0000000002.s3guard", b"two")
    assert place.create("0000000001.s3guard", b"one")
    assert not place.create("0000000001.s3guard", b"other")
    assert place.names() == ["0000000001.s3guard", "0000000002.s3guard"]
    assert place.read("0000000001.s3guard") == b"one"


def test_of_many_writers_of_a_name_one_has_it(place: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: place.create("0000000001.s3guard", b"%d" % number), range(8)))
    assert sum(won) == 1
    assert place.read("0000000001.s3guard") == b"%d" % won.index(True)


def test_what_is_taken_away_may_be_gone_already(place: Store) -> None:
    place.create("a", b"x")
    place.remove("a")
    place.remove("a")
    assert place.names() == []


def test_names_are_told_by_folder_and_behind_a_name(place: Store) -> None:
    names = [f"{number:010}.s3guard" for number in range(1, 8)]
    for name in [*names, "parts/0000000001-x-0000", "runs/0000000001.s3guard"]:
        assert place.create(name, b"x")
    assert names == [name for name in place.names() if "." in name]
    assert names[5:] == [name for name in place.names(after=names[4]) if "." in name]
    assert (["0000000001-x-0000"], ["0000000001.s3guard"], []) == (place.names("parts"), place.names("runs"), place.names("none"))
    assert place.read("parts/0000000001-x-0000") == b"x"
    place.remove("parts/0000000001-x-0000")
    assert place.names("parts") == []


def test_what_is_not_there_is_told_apart_from_what_cannot_be_read(place: Store) -> None:
    place.create("a", b"x")
    with pytest.raises(GoneError):
        place.read("b")


def test_a_place_that_writes_again_what_is_there_is_no_place_for_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf.served(shelf.Shelf({}), "audit") as address:
        access.reached(monkeypatch, address)
        monkeypatch.setattr(shelf.Shelf, "put", lambda self, key, content, **_: put(self, key, content, only_new=False))
        with pytest.raises(UnableError, match="cannot hold a state: it writes again what is there already"):
            State("s3://audit/state").append(run_head("r"), b"{}")


def test_what_cannot_be_read_is_told_with_its_place(place: Store) -> None:
    with pytest.raises(UnableError, match=r"could not read the state in \S+: "):
        place.read("0000000009.s3guard")


def test_a_place_tells_how_the_location_of_what_lies_in_it_begins(tmp_path: Path, endpoint: str) -> None:
    assert str(tmp_path.resolve() / "state") == Folder(tmp_path / "state").place
    client = client_of(endpoint)
    assert ["s3://b/team/state", "s3://b"] == [Prefix(client, "b", prefix).place for prefix in ("/team/state/", "")]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    broken = Folder(tmp_path / "file")
    with pytest.raises(UnableError, match="could not read the state in"):
        broken.names()
    with pytest.raises(UnableError, match="could not write the state in"):
        broken.create("a", b"x")


def test_a_bucket_that_is_not_there_is_told(endpoint: str) -> None:
    absent = Prefix(client_of(endpoint), "absent", "")
    for attempt in (absent.names, lambda: absent.create("a", b"x")):
        with pytest.raises(UnableError, match=r"the state in s3://absent/: .*NoSuchBucket"):
            attempt()


def test_a_place_is_named_by_a_path_or_an_address() -> None:
    assert isinstance(opened("some/folder"), Folder)
    for uri, complaint in (("s3://", "no bucket is named"), ("gs://bucket/x", "give a folder, or"), ("", "give a folder, or")):
        with pytest.raises(UsageError, match=complaint):
            opened(uri)
