"""Hostile text made safe: what is escaped, that nothing is lost, and that nothing is left that a terminal or a CI system obeys."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.text import MASK, ci_safe, line_safe, mask_credentials, shorten, shown, unvisible, visible
from tests.outputs import runner
from tests.outputs.corpus import HOSTILE, SECRETS

TRICKY = st.text(st.one_of(st.characters(), st.sampled_from("\\u{}5c1b#:[-+~ \x1b\u202e\ud800aX")), max_size=60)
COMMANDS = st.lists(st.sampled_from(["::", ":", "##", "[", "[[", "error", "add-mask", " ", "vso[", "]", "-", "---", "+++", "a", "\n"])).map(
    "".join
)
HALF = re.compile(r"\\u\{(?![0-9a-f]{1,6}\})")
RANGES = (range(0xFDD0, 0xFDF0), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
MARKS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0"
INVISIBLE = frozenset(map(ord, MARKS)).union(*RANGES)
"""Marks, letters and unassigned code points that show nothing, and non-characters."""
CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def hidden(character: str) -> bool:
    code = ord(character)
    return (unicodedata.category(character) in CATEGORIES and code != 0x20) or code & 0xFFFE == 0xFFFE or code in INVISIBLE


def test_every_character_that_cannot_be_seen_is_escaped_and_every_other_is_left() -> None:
    # NOTE: U+13439 to U+1345F are format controls since Unicode 15; older tables do not know them.
    wrong = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if (visible(chr(code)) != chr(code)) != hidden(chr(code)) and code not in range(0x13430, 0x13460)
    ]
    assert wrong == []


@given(TRICKY)
def test_visible_text_reads_back(text: str) -> None:
    assert unvisible(visible(text)) == text


@given(TRICKY)
def test_visible_text_holds_nothing_hidden(text: str) -> None:
    assert not any(map(hidden, visible(text)))


def test_clean_text_is_left_as_it_is() -> None:
    for text in ("", "arn:aws:iam::111122223333:role/x", "C:\\users\\u", "\\", "你好 é 🙂", "\\n", "{1b}"):
        assert visible(text) == text


def test_a_literal_escape_does_not_read_as_one() -> None:
    assert visible("\\u{1b}") == "\\u{5c}u{1b}"
    assert visible("\x1b") == "\\u{1b}"


def test_what_is_no_code_point_is_left_when_read_back() -> None:
    assert unvisible("\\u{110000} \\u{} \\u{ffffff}") == "\\u{110000} \\u{} \\u{ffffff}"


@given(st.one_of(TRICKY, COMMANDS))
def test_text_made_safe_for_ci_logs_reads_back_and_twice_is_as_once(text: str) -> None:
    safe = ci_safe(visible(text))
    assert unvisible(safe) == text
    assert ci_safe(safe) == safe


@given(st.one_of(TRICKY, COMMANDS))
def test_no_ci_system_obeys_the_text_wherever_its_lines_are_broken(text: str) -> None:
    safe = ci_safe(visible(text))
    assert [safe[start:] for start in range(len(safe)) if runner.obeyed(safe[start:])] == []
    assert "[[" not in safe


@pytest.mark.parametrize("name", HOSTILE)
def test_no_ci_system_obeys_a_hostile_text_between_any_other_text(name: str) -> None:
    line = ci_safe(f"who: {shown(HOSTILE[name])}: {shown(HOSTILE[name])}")
    assert [line[start:] for start in range(len(line)) if runner.obeyed(line[start:])] == []


@given(st.one_of(TRICKY, COMMANDS))
def test_no_ci_system_obeys_a_line_made_safe_as_a_whole(text: str) -> None:
    safe = line_safe(visible(text))
    assert [] == runner.obeyed(safe)
    assert unvisible(safe) == text


@pytest.mark.parametrize("line", ["write a CIDR such as 2001:db8::/32", "p.yaml:1:2: 'a::b'", "a # b", " : x", "arn:aws:s3:::b"])
def test_a_line_that_is_no_command_stays_as_it_is(line: str) -> None:
    assert line == line_safe(line)


def test_an_arn_of_an_account_stays_readable() -> None:
    assert ci_safe("arn:aws:iam::111122223333:role/x") == "arn:aws:iam::111122223333:role/x"
    for named in ("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1", "arn:aws:iam::aws:policy/ReadOnlyAccess"):
        assert ci_safe(named) == named
    assert ci_safe("::111122223333") != "::111122223333"
    assert ci_safe("::cloudfront::error::x").count("::") == 1


@given(TRICKY, st.integers(1, 40))
def test_shortened_text_fits_and_no_escape_is_cut(text: str, limit: int) -> None:
    clean = ci_safe(visible(text))
    short = shorten(clean, limit)
    assert len(short) <= limit
    assert short == clean or (short.endswith("…") and clean.startswith(short[:-1]))
    assert HALF.search(short) is None


def test_shortening_keeps_as_much_as_fits() -> None:
    assert [shorten("abc\\u{1b}def", limit) for limit in (1, 4, 9, 10, 11, 12)] == [
        "…",
        "abc…",
        "abc…",
        "abc\\u{1b}…",
        "abc\\u{1b}d…",
        "abc\\u{1b}def",
    ]


@pytest.mark.parametrize("name", SECRETS)
def test_credentials_are_masked_and_the_rest_stays(name: str) -> None:
    masked = mask_credentials(SECRETS[name])
    assert "TOPSECRET" not in masked
    assert masked.count(MASK) == SECRETS[name].count("TOPSECRET")
    assert mask_credentials(masked) == masked
    assert shown(SECRETS[name]) == visible(masked)


def test_what_stands_beside_a_credential_stays() -> None:
    before = 'GET /k?a=1&X-Amz-Signature=5ec&b=2 HTTP "?Signature=5ec" https%3A%2F%2Fx%3FSignature%3D5ec%26b%3D2'
    assert mask_credentials(before) == 'GET /k?a=1&X-Amz-Signature=***&b=2 HTTP "?Signature=***" https%3A%2F%2Fx%3FSignature%3D***%26b%3D2'


def test_what_is_no_credential_stays() -> None:
    for text in ("X-Amz-Credential=AKIA/20261001/us-east-1", "Signature", "a signature: x", "Signature=", "SignatureVersion=2", "100%"):
        assert mask_credentials(text) == text


NAMES = ("X-Amz-Security-Token", "X-Amz-Signature", "Signature", "AWSAccessKeyId")
SECRET = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+=%", min_size=8).map("5ec5ec".__add__)


def spelled(name: str, how: int, depth: int) -> str:
    """The name with the characters whose bit in `how` is set percent-encoded, `depth` times."""
    return "".join(f"%{'25' * depth}{ord(c):02x}" if how >> place & 1 else c for place, c in enumerate(name))


@given(st.sampled_from(NAMES), st.integers(0, 2**20), st.integers(0, 2), SECRET, TRICKY, st.sampled_from(["", "&", "?", ";", " ", '"']))
def test_no_credential_is_left_however_its_name_is_spelled(name: str, how: int, depth: int, secret: str, around: str, end: str) -> None:
    text = f"{around}{spelled(name.swapcase(), how, depth)}={secret}{end}{around}"
    assert "5ec5ec" not in mask_credentials(text)


@given(
    st.lists(st.sampled_from(["Signature", "%53ignature", "=", "%3D", "%253d", "&", "%26", " ", "***", "a", "AWSAccessKeyId"])).map("".join)
)
def test_masking_twice_is_as_once(text: str) -> None:
    assert mask_credentials(mask_credentials(text)) == mask_credentials(text)
