"""Compressed log objects come out whole, in pieces, and tell where they are cut or damaged."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from s3guard.sources import UnreadableError
from s3guard.unpack import unpacked
from tests.laws import tried


def zstd(content: bytes) -> bytes:
    """One Zstandard frame that says how long its content is."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def streamed(content: bytes) -> bytes:
    """One Zstandard frame that does not, as a pipe writes it."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(content) + packer.flush()


SKIPPABLE = b"\x53\x2a\x4d\x18\x04\x00\x00\x00data"
"""A frame without content, such as seekable files have."""

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd, "zstd streamed": streamed}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The data in pieces, as a source gives it."""
    return (data[at : at + size] for at in range(0, len(data), size))


def outcome(chunks: Iterable[bytes]) -> tuple[bytes, str | None]:
    """What comes out, and why it ends too early."""
    found = bytearray()
    try:
        for piece in unpacked(iter(chunks)):
            found += piece
    except UnreadableError as error:
        return bytes(found), str(error)
    return bytes(found), None


CONTENT = b"".join(b"line %d of the log\n" % number for number in range(20_000))


@pytest.mark.parametrize("content", [b"", b"\x1f", b"\x1f\x8c", b"abc", CONTENT, b"\x28\xb5\x2f", b"\x50\x2a\x4d\x19rest"])
@pytest.mark.parametrize("size", [1, 3, 1 << 16])
def test_what_is_not_compressed_comes_as_it_is(content: bytes, size: int) -> None:
    assert outcome(pieces(content[:5000], size)) == (content[:5000], None)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())
@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=["empty", "a byte", "a log"])
@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_what_was_compressed_comes_out(pack: Callable[[bytes], bytes], content: bytes, size: int) -> None:
    assert outcome(pieces(pack(content), size)) == (content, None)


@tried(2)
@given(st.sampled_from([["gzip"], ["zstd", "zstd streamed"]]), st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.data())
def test_members_one_behind_the_other_come_out_as_one(kinds: list[str], contents: list[bytes], data: st.DataObject) -> None:
    packed = b"".join(PACKERS[data.draw(st.sampled_from(kinds))](content) for content in contents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=6)))
    chunks = [packed[a:b] for a, b in zip([0, *cuts], [*cuts, len(packed)], strict=True)]
    assert outcome(chunks) == (b"".join(contents), None)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_padding_with_zeros_behind_gzip_is_passed_over(size: int) -> None:
    assert outcome(pieces(gzip.compress(b"x\n") + bytes(1000), size)) == (b"x\n", None)


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_frames_of_zstandard_without_content_are_passed_over(size: int) -> None:
    assert outcome(pieces(SKIPPABLE + zstd(b"x\n") + SKIPPABLE + zstd(b"y\n"), size)) == (b"x\ny\n", None)
    assert outcome(pieces(SKIPPABLE, size)) == (b"", None)


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_an_object_that_is_cut_short_gives_what_could_be_read_and_says_so(name: str, kept: float) -> None:
    noise = Random(1).randbytes(300_000).hex().encode()
    packed = PACKERS[name](noise)
    found, reason = outcome(pieces(packed[: int(len(packed) * kept)], 1 << 12))
    assert noise.startswith(found)
    assert len(found) > len(noise) * (kept - 0.3)
    assert reason == f"cut short: the {name.split(maxsplit=1)[0]} data ends in the middle"


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())
def test_a_second_member_that_is_cut_short_is_told(pack: Callable[[bytes], bytes]) -> None:
    found, reason = outcome([pack(b"one\n") + pack(CONTENT)[:6]])
    assert (found, (reason or "")[:9]) == (b"one\n", "cut short")


@pytest.mark.parametrize("name", PACKERS)
def test_an_object_that_is_damaged_is_told(name: str) -> None:
    packed = bytearray(PACKERS[name](Random(2).randbytes(50_000).hex().encode()))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    assert outcome([bytes(packed)])[1] == f"damaged {name.split(maxsplit=1)[0]} data"


def test_a_wrong_checksum_is_told() -> None:
    packed = bytearray(gzip.compress(CONTENT))
    packed[-6] ^= 1
    found, reason = outcome([bytes(packed)])
    assert reason == "damaged gzip data"
    assert CONTENT.startswith(found)
    assert len(found) > len(CONTENT) - 1024


@pytest.mark.parametrize("content", [CONTENT, CONTENT * 20])
def test_gzip_gives_what_stands_before_a_fault(content: bytes) -> None:
    packed = bytearray(gzip.compress(content))
    packed[len(packed) * 2 // 3] ^= 0xFF
    found, reason = outcome([bytes(packed)])
    assert reason == "damaged gzip data"
    assert content.startswith(found[: len(content) // 2])
    assert len(found) > len(content) // 2


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zstd, "zstd")])
def test_what_is_glued_behind_the_last_member_is_told_and_not_taken_for_log(pack: Callable[[bytes], bytes], name: str) -> None:
    assert outcome([pack(b"x\n") + b"plain text\n"]) == (b"x\n", f"damaged {name} data")


def test_only_the_head_of_a_gzip_file_is_cut_short() -> None:
    assert outcome([gzip.compress(b"")[:8]])[1] == "cut short: the gzip data ends in the middle"


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS.keys())
def test_a_bomb_comes_out_in_pieces(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(bytes(200 << 20))
    assert len(packed) < 1 << 20
    sizes = [len(piece) for piece in unpacked(iter([packed]))]
    assert (sum(sizes), max(sizes) <= 33 << 20) == (200 << 20, True)


def test_a_window_that_would_need_too_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert outcome([packer.compress(b"x\n") + packer.flush()]) == (b"", "damaged zstd data")


def test_a_file_within_a_file_is_unpacked_once() -> None:
    inner = gzip.compress(b"x\n")
    assert outcome([gzip.compress(inner)]) == (inner, None)


def test_what_goes_wrong_elsewhere_is_not_taken_for_damage() -> None:
    plain = unpacked(iter([gzip.compress(CONTENT)]))
    assert isinstance(plain, Generator)
    next(plain)
    with pytest.raises(KeyError):
        plain.throw(KeyError("elsewhere"))


def test_deflate_without_a_head_is_no_gzip() -> None:
    packed = zlib.compress(b"x\n")
    assert outcome([packed]) == (packed, None)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_many_small_members_cost_as_much_as_they_are_many(pack: Callable[[bytes], bytes]) -> None:
    """As a subscription sends them: each message is packed by itself. What a member leaves of a piece used to be copied each time."""
    one = pack(b"a message of a subscription")
    started = time.process_time()
    content, fault = outcome(pieces(one * 100_000, 8 << 20))
    assert (100_000 * 27, None) == (len(content), fault)
    assert time.process_time() - started < 8
