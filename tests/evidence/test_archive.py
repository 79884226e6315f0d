from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.evidence import archive
from s3guard.evidence.members import Member, PackError, Spool
from s3guard.model import UnableError, UsageError

MEMBERS = [Member("b.json", b"{}"), Member("a/c.yaml", b"x" * 513), Member("README.txt", b""), Member("b-2.txt", b"z" * 512)]


def test_the_same_members_are_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.tar", MEMBERS, 0)
    archive.write(tmp_path / "two.tar", MEMBERS[::-1], 0)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.tar", MEMBERS, 7)
    found = archive.read(tmp_path / "one.tar")
    assert found.mtime == 7
    assert {name: found.data(name) for name in found.entries} == {one.path: one.data for one in MEMBERS}
    assert list(found.entries) == sorted(one.path for one in MEMBERS)
    assert all(found.entry(one.path).sha256 == one.sha256 for one in MEMBERS)
    assert [one.path for one in found.under("a/")] == ["a/c.yaml"]


def test_tar_reads_it(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.tar", MEMBERS, 0)
    told = subprocess.run(["tar", "-tvf", "one.tar"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert [line.split()[-1] for line in told.splitlines()] == sorted(one.path for one in MEMBERS)
    assert all(line.startswith("-rw-r--r-- 0/0") for line in told.splitlines())


def test_a_spool_is_a_member(tmp_path: Path) -> None:
    with Spool("objects.jsonl", memory=10) as spool:
        spool.extend([b"one\n", b"two and more than fits\n", b"three"])
        archive.write(tmp_path / "one.tar", [spool], 0)
        found = archive.read(tmp_path / "one.tar")
        assert found.entry("objects.jsonl").sha256 == spool.sha256
    assert list(found.entry("objects.jsonl").lines()) == [b"one", b"two and more than fits", b"three"]


def test_members_can_be_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "one.tar"
    archive.write(path, MEMBERS, 7)
    archive.extend(path, [Member("attestations/0001-x.dsse.json", b"{}")])
    archive.write(tmp_path / "two.tar", [*MEMBERS, Member("attestations/0001-x.dsse.json", b"{}")], 7)
    assert path.read_bytes() == (tmp_path / "two.tar").read_bytes()
    with pytest.raises(PackError, match=r"has a member b\.json already"):
        archive.extend(path, [Member("b.json", b"")])


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_a_bit_that_is_flipped_is_refused_or_lies_in_a_member(tmp_path_factory: pytest.TempPathFactory, at: int, bit: int) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.tar"
    archive.write(path, MEMBERS, 0)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    try:
        found = archive.read(path)
        changed = [one.path for one in MEMBERS if one.path not in found or found.data(one.path) != one.data]
    except PackError:
        return
    assert len(changed) == 1


@pytest.mark.parametrize("cut", [1, 511, 512, 1024, 10_240])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "one.tar"
    archive.write(path, MEMBERS, 0)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(PackError, match="no evidence pack"):
        archive.read(path)


@pytest.mark.parametrize("more", [b"x", bytes(512), bytes(10_240), b"x" * 10_240])
def test_whatever_stands_behind_the_end_is_refused(tmp_path: Path, more: bytes) -> None:
    path = tmp_path / "one.tar"
    archive.write(path, MEMBERS, 0)
    path.write_bytes(path.read_bytes() + more)
    with pytest.raises(PackError, match=r"no evidence pack|something behind"):
        archive.read(path)


def _made(path: Path, *infos: tarfile.TarInfo, format_: int = tarfile.USTAR_FORMAT) -> None:
    with tarfile.open(path, "w", format=format_) as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(bytes(info.size)))


def _info(name: str, **told: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in told.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        _info("/etc/passwd"),
        _info("../up"),
        _info("a/../b"),
        _info("a//b"),
        _info("./a"),
        _info(".hidden"),
        _info("a b"),
        _info("a\x1b[2J"),
        _info("a", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        _info("a", type=tarfile.LNKTYPE, linkname="b"),
        _info("a", type=tarfile.CHRTYPE),
        _info("a", type=tarfile.DIRTYPE),
        _info("a", type=tarfile.FIFOTYPE),
        _info("a", mode=0o755),
        _info("a", uid=1000),
        _info("a", gname="wheel"),
        _info("a", type=tarfile.AREGTYPE),
    ],
)
def test_a_member_of_another_form_is_refused(tmp_path: Path, info: tarfile.TarInfo) -> None:
    _made(tmp_path / "one.tar", info)
    with pytest.raises(PackError, match=r"describes none|begins no member"):
        archive.read(tmp_path / "one.tar")


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_other_kinds_of_tar_are_refused(tmp_path: Path, format_: int) -> None:
    _made(tmp_path / "one.tar", _info("n" * 120), format_=format_)
    with pytest.raises(PackError):
        archive.read(tmp_path / "one.tar")


def test_members_twice_and_out_of_order_are_refused(tmp_path: Path) -> None:
    _made(tmp_path / "twice.tar", _info("a", mode=0o644), _info("a", mode=0o644))
    with pytest.raises(PackError, match="a is there twice"):
        archive.read(tmp_path / "twice.tar")
    _made(tmp_path / "order.tar", _info("b", mode=0o644), _info("a", mode=0o644))
    with pytest.raises(PackError, match="a is not in its place"):
        archive.read(tmp_path / "order.tar")
    _made(tmp_path / "times.tar", _info("a", mode=0o644), _info("b", mode=0o644, mtime=1))
    with pytest.raises(PackError, match="2 different times"):
        archive.read(tmp_path / "times.tar")


def test_a_size_that_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    header = archive._info("a", 8 << 30 - 1, 0).tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "one.tar").write_bytes(header.ljust(10_240, b"\0"))
    with pytest.raises(PackError, match="the file ends before"):
        archive.read(tmp_path / "one.tar")


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04" + bytes(10_236), b"\xff" * 10_240])
def test_what_is_no_tar_is_no_pack(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "one.tar").write_bytes(data)
    with pytest.raises(PackError, match="no evidence pack"):
        archive.read(tmp_path / "one.tar")


def test_a_pack_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="could not be read: No such file"):
        archive.read(tmp_path / "none.tar")
    with pytest.raises(PackError, match="not from a pipe or a device"):
        archive.read(Path("/dev/null"))


def test_a_pack_that_is_changed_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one.tar"
    archive.write(path, MEMBERS, 0)
    found = archive.read(path)
    archive.write(path, MEMBERS[:2], 0)
    with pytest.raises(PackError, match="changed while it was read"):
        found.data("b.json")


def test_a_member_that_is_too_long_is_not_read_into_memory(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.tar", MEMBERS, 0)
    with pytest.raises(PackError, match=r"a/c\.yaml has 513 bytes, more than the 512"):
        archive.read(tmp_path / "one.tar").data("a/c.yaml", 512)


@pytest.mark.parametrize("name", ["../x", "/x", "x" * 101, "x/", "", "a/.b", "é"])
def test_no_member_is_written_that_would_not_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no names of members"):
        archive.write(tmp_path / "one.tar", [Member(name, b"")], 0)


def test_members_of_one_name_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one twice"):
        archive.write(tmp_path / "one.tar", [Member("a", b""), Member("a", b"x")], 0)


def test_a_full_disk_leaves_the_pack_that_was_there(tmp_path: Path) -> None:
    class Full(Member):
        def pieces(self):  # type: ignore[no-untyped-def]
            raise OSError(28, "No space left on device")

    path = tmp_path / "one.tar"
    archive.write(path, MEMBERS, 0)
    before = path.read_bytes()
    with pytest.raises(UnableError, match="No space left on device"):
        archive.write(path, [*MEMBERS, Full("full", b"")], 0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_time_of_members_is_that_of_the_source() -> None:
    assert archive.epoch({}) == 0
    assert archive.epoch({"SOURCE_DATE_EPOCH": "1760000000"}) == 1_760_000_000
    for wrong in ("-1", "soon", "1.5", "99999999999999", "\u0661"):
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
            archive.epoch({"SOURCE_DATE_EPOCH": wrong})
