"""The vectorised parser and the careful one agree on every line, whatever its neighbours are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3guard.fields import CHECKS, TEXT_NAMES
from s3guard.origin import Block, Piece
from s3guard.parse import Parser
from s3guard.physical import PHYSICAL
from s3guard.reading import MAX_LINE
from s3guard.suffix import TAIL_FIELDS, tail_columns
from s3guard.vocabulary import Vocabulary
from tests import lines
from tests.laws import tried
from tests.lines import ANONYMOUS, FORGED_CORE, FORGED_RECORD, FORGED_START, FORGED_SUFFIX, HOST_ID, OAI, OWNER, SUFFIX, USER, bare, record
from tests.parsing import ALL_TEXTS, Lines, compared, differences, fresh, parser_sees, reading_sees

PRINCIPAL_ID = b"AIDAJDPLRKLG7UEXAMPLE"
REGION = (*SUFFIX, b"us-east-1")
SESSION = b"arn:aws:sts::111122223333:assumed-role/analyst/ann"
DASHES = {"request_uri": b"-", "referer": b"-", "user_agent": b"-"}
SPACED = b"CloudFront Origin Access Identity"

CATALOGUE: dict[str, bytes] = {
    "an ordinary line": record().render(),
    "17 fields": record(suffix=()).render(),
    "18 fields": record(suffix=SUFFIX[:1]).render(),
    "24 fields": record(suffix=SUFFIX[:7]).render(),
    "25 fields": record(suffix=SUFFIX[:8]).render(),
    "27 fields": record(suffix=REGION).render(),
    "28 fields": record(suffix=(*REGION, b"new")).render(),
    "31 fields": record(suffix=(*REGION, b"a", b"b-", b"-", b"]")).render(),
    "19 fields": record(suffix=SUFFIX[:2]).render(),
    "23 fields": record(suffix=SUFFIX[:6]).render(),
    "the extra principal id of 2019": record(suffix=(b"-", PRINCIPAL_ID, *SUFFIX[1:7])).render(),
    "what only looks like a principal id": record(suffix=(b"-", PRINCIPAL_ID, *SUFFIX[2:])).render(),
    "a principal id and an access point": record(suffix=(b"-", PRINCIPAL_ID, *SUFFIX[1:8])).render(),
    "a host id of twenty characters": record(suffix=(b"-", b"A" * 20, *SUFFIX[2:])).render(),
    "a signature version that begins with a mark": record(suffix=(b"-", HOST_ID, b"#17", *SUFFIX[3:])).render(),
    "a signature version and nothing behind": record(suffix=(b"-", HOST_ID, b"#18")).render(),
    "bare dashes": bare().render(),
    "bare dashes, 17 fields": bare(suffix=()).render(),
    "bare dashes, 18 fields": bare(suffix=(b"v",)).render(),
    "bare dashes and a quote behind them": bare(suffix=(*SUFFIX[:8], b'"')).render(),
    "bare dashes, torn inside the host id": bare(suffix=(b"-", b"s9lz" + FORGED_START, b"-", *REGION)).render(),
    "bare dashes, torn inside the version id": bare(suffix=(FORGED_START, b"-", *REGION)).render(),
    "bare dashes, a closing bracket behind": bare(suffix=(*REGION, b"+0000]")).render(),
    "quoted dashes": record(**DASHES).render(),
    "quoted dashes, 17 fields": record(**DASHES, suffix=()).render(),
    "quoted dashes but a Referer": record(**DASHES | {"referer": b"a b"}).render(),
    "a dash for the request line alone": record(request_uri=b"-").render(),
    "a lifecycle row": record(
        **DASHES, requester=b"AmazonS3", remote_ip=b"-", operation=b"S3.EXPIRE.OBJECT", core=(b"-",) * 6, suffix=ANONYMOUS
    ).render(),
    "an identity with spaces": record(requester=OAI).render(),
    "an identity with spaces, bare": bare(requester=OAI).render(),
    "an identity with spaces, 17 fields": record(requester=OAI, suffix=()).render(),
    "an identity in lower case": record(requester=OAI.lower()).render(),
    "an identity of another partition": record(requester=OAI.replace(b"aws", b"aws-cn", 1)).render(),
    "an identity as user agent": record(user_agent=OAI).render(),
    "an identity within the user agent": record(user_agent=b"a " + OAI + b" b").render(),
    "an identity within the request line": record(request_uri=b"GET /k " + OAI + b" HTTP/1.1").render(),
    "an identity within the Referer, and as requester": record(requester=OAI, referer=b"x " + OAI).render(),
    "an identity as request id": record(request_id=OAI).render(),
    "an identity as key": record(key_logged=OAI).render(),
    "an identity as version id": record(suffix=(OAI, *SUFFIX[1:])).render(),
    "an identity as host id": record(suffix=(b"-", OAI, *SUFFIX[2:])).render(),
    "an identity as error code": record(core=(b"200", OAI, b"1", b"1", b"1", b"1")).render(),
    "an identity as operation": record(operation=OAI).render(),
    "an identity twice": record(requester=OAI + b" " + OAI).render(),
    "an identity before the bucket": record(bucket_owner=b"x " + OAI).render(),
    "an identity in the suffix": record(suffix=(*SUFFIX, OAI)).render(),
    "a unit separator in the user agent": record(user_agent=b"a\x1fb " + OAI.replace(b" ", b"\x1f")).render(),
    "a unit separator in the request line": record(request_uri=b"GET /\x1f HTTP/1.1", requester=OAI).render(),
    "a unit separator in the requester": record(requester=OAI.replace(b" ", b"\x1f")).render(),
    "a quote in the requester": record(requester=b'arn:aws:iam::111122223333:user/a"/"b/ann').render(),
    "a quote in the requester, bare": bare(requester=b'arn:aws:iam::111122223333:user/a"b/ann').render(),
    "the owner": record(requester=OWNER).render(),
    "a short owner": record(bucket_owner=b"79a5").render(),
    "no owner": record(bucket_owner=b"-").render(),
    "no bucket": record(bucket=b"-").render(),
    "a bucket of old": record(bucket=b"Old_Bucket").render(),
    "no request id": record(request_id=b"-").render(),
    "no key": record(key_logged=b"-").render(),
    "an encoded key": record(key_logged=b"a%252Bb%2Bc+d%FF%2525").render(),
    "an encoded key of a bulk delete": bare(key_logged=b"a%252Bb%2Bc+d%FF%2525").render(),
    "a key that is raw": record(key_logged="ü\u2028ö".encode()).render(),
    "a key with a tab": record(key_logged=b"a\tb").render(),
    "an address with a zone": record(remote_ip=b"fe80::1%eth0").render(),
    "what is no address": record(remote_ip=b"1.2.3.4.5:").render(),
    "an operation of two parts": record(operation=b"WEBSITE.INVALIDOPERATION").render(),
    "an operation of one part": record(operation=b"REST").render(),
    "another time zone": record(logged_time=b"[06/Feb/2019:00:00:38 +0130]").render(),
    "the other zero": record(logged_time=b"[06/Feb/2019:00:00:38 -0000]").render(),
    "a zone that is none": record(logged_time=b"[06/Feb/2019:00:00:38 +2400]").render(),
    "year 1": record(logged_time=b"[06/Feb/0001:00:00:38 +0000]").render(),
    "year 1899": record(logged_time=b"[06/Feb/1899:00:00:38 +0000]").render(),
    "before the epoch": record(logged_time=b"[31/Dec/1969:23:59:59 +0000]").render(),
    "the last second": record(logged_time=b"[31/Dec/9999:23:59:59 -2359]").render(),
    "the 29th of February": record(logged_time=b"[29/Feb/2020:00:00:00 +0000]").render(),
    "the 29th of February of another year": record(logged_time=b"[29/Feb/2019:00:00:00 +0000]").render(),
    "hour 24": record(logged_time=b"[06/Feb/2019:24:00:00 +0000]").render(),
    "second 60": record(logged_time=b"[06/Feb/2019:23:59:60 +0000]").render(),
    "a month in small letters": record(logged_time=b"[06/feb/2019:00:00:38 +0000]").render(),
    "no core value at all": record(core=(b"-",) * 6).render(),
    "numbers with zeros in front": record(core=(b"200", b"-", b"007", b"0", b"00", b"0")).render(),
    "the longest numbers": record(core=(b"200", b"-", *4 * (b"9" * 18,))).render(),
    "numbers that are too long": record(core=(b"200", b"-", *4 * (b"9" * 19,))).render(),
    "a number with a sign": record(core=(b"200", b"-", b"+1", b"1", b"1", b"1")).render(),
    "a number of other digits": record(core=(b"200", b"-", "\u0663".encode(), b"1", b"1", b"1")).render(),
    "a status of two digits": record(core=(b"20", b"-", b"1", b"1", b"1", b"1")).render(),
    "an error code with a dot": record(core=(b"400", b"KMS.DisabledException", b"1", b"1", b"1", b"1")).render(),
    "an empty user agent": record(user_agent=b"").render(),
    "an empty Referer": record(referer=b"").render(),
    "three empty texts": record(request_uri=b"", referer=b"", user_agent=b"").render(),
    "three empty texts, 17 fields": record(request_uri=b"", referer=b"", user_agent=b"", suffix=()).render(),
    "a space for each text": record(request_uri=b" ", referer=b" ", user_agent=b" ").render(),
    "a dash in quotes as user agent": record(user_agent=b'"-"').render(),
    "two words in the request line": record(request_uri=b"GET /k").render(),
    "four words in the request line": record(request_uri=b"GET /a b HTTP/1.1").render(),
    "two spaces in the request line": record(request_uri=b"GET  /k HTTP/1.1").render(),
    "a space behind the request line": record(request_uri=b"GET /k HTTP/1.1 ").render(),
    "a space before the request line": record(request_uri=b" GET /k HTTP/1.1").render(),
    "quotes around words of the request line": record(request_uri=b'GET "/k" HTTP/1.1').render(),
    "a quote at the start of the user agent": record(user_agent=b'"Mozilla/5.0').render(),
    "a quote at the end of the user agent": record(user_agent=b'Mozilla/5.0"').render(),
    "a quote at the end of the user agent, 17 fields": record(user_agent=b'a"', suffix=()).render(),
    "a forged suffix in the user agent, 17 fields": record(user_agent=b'a"' + FORGED_SUFFIX, suffix=()).render(),
    "a forged suffix in the user agent": record(user_agent=b'a"' + FORGED_SUFFIX, requester=b"-", suffix=ANONYMOUS).render(),
    "a forged suffix in the Referer": record(referer=b'a"' + FORGED_SUFFIX, requester=b"-", suffix=ANONYMOUS).render(),
    "a forged suffix between quotes": record(user_agent=b'"' + FORGED_SUFFIX + b'"', requester=b"-", suffix=ANONYMOUS).render(),
    "a forged version id between quotes": record(user_agent=b'" v"').render(),
    "a forged suffix between quotes, and more quotes": record(user_agent=b'"' + FORGED_SUFFIX + b'"""').render(),
    "a forged suffix between quotes, 17 fields": record(user_agent=b'"' + FORGED_SUFFIX + b'"', suffix=()).render(),
    "a forged suffix between quotes in the Referer": record(referer=b'"' + FORGED_SUFFIX + b'"').render(),
    "the same suffix between quotes": record(user_agent=b'" ' + b" ".join(SUFFIX) + b'"').render(),
    "a second core in the Referer": record(referer=b'"' + FORGED_CORE + b'-" "y').render(),
    "a second core in the request line": record(request_uri=b'GET /k HTTP/1.1"' + FORGED_CORE + b'x" "y HTTP/1.1').render(),
    "the same core in the Referer": record(referer=b'" 200 - 113 113 7 6 "').render(),
    "a core for a request line": record(request_uri=b" 200 - 1 1 1 1 ").render(),
    "a core for a request line, in words": record(request_uri=b'" 200 - 1 1 1 1 "').render(),
    "texts that part in several places": record(referer=b'a" "b').render(),
    "a whole record in the user agent": record(user_agent=b'x" ' + FORGED_RECORD, requester=b"-").render(),
    "a whole record behind a line separator": record(user_agent="\u2028".encode() + FORGED_RECORD, requester=b"-").render(),
    "a record in the request line": record(request_uri=b"GET /" + FORGED_START + b'"', user_agent=b'" "').render(),
    "two records on one line": record().render() + record(requester=SESSION).render(),
    "two records on one line, bare": bare().render() + b" " + bare().render(),
    "what other languages call a line end": record(user_agent="a\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1eb".encode()).render(),
    "a NUL": record(user_agent=b"a\x00b").render(),
    "a NUL in the key": record(key_logged=b"a\x00b").render(),
    "a carriage return inside": record(user_agent=b"a\rb").render(),
    "a carriage return behind": record().render() + b"\r",
    "two carriage returns behind": record().render() + b"\r\r",
    "bytes that are no UTF-8": record(user_agent=b"\xff\xfe\xed\xa0\x80").render(),
    "bytes that are no UTF-8 in the requester": record(requester=b"\xff").render(),
    "a byte-order mark": b"\xef\xbb\xbf" + record().render(),
    "a byte-order mark in the requester": record(requester=b"\xef\xbb\xbf" + USER).render(),
    "brackets": record(user_agent=b"Mozilla [en] (X11)").render(),
    "a backslash": record(user_agent=b"\\\\\\", referer=b"\\").render(),
    "two spaces": record().render().replace(b" ", b"  ", 1),
    "two spaces in the suffix": record().render().replace(b" SigV4", b"  SigV4"),
    "two spaces between core and Referer": record().render().replace(b' 6 "', b' 6  "'),
    "a space behind": record().render() + b" ",
    "a space before": b" " + record().render(),
    "glued to the last quote": record(suffix=()).render() + b";",
    "cut off in the core": record().render()[:190],
    "cut off behind the user agent": record(suffix=()).render() + b" ",
    "nothing but quotes": b'"' * 40,
    "nothing but spaces": b" " * 40,
    "nothing but dashes": b" ".join([b"-"] * 27),
    "another file": b'{"bucket_name": "b"}',
}


def lone(line: bytes, name: str = "o") -> list[Lines]:
    """One line as an object."""
    return [Lines(name, (line,), 7)]


@pytest.mark.parametrize("line", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_a_line_alone_is_read_as_the_careful_parser_reads_it(line: bytes) -> None:
    assert differences(lone(line)) == []


@pytest.mark.parametrize("texts", [ALL_TEXTS, frozenset()])
def test_a_last_line_without_a_newline_is_read_as_the_careful_parser_reads_it(texts: frozenset[str]) -> None:
    assert differences([Lines(name, (line,), 1, torn=True) for name, line in CATALOGUE.items()], texts) == []


def test_hostile_lines_side_by_side_do_not_change_each_other() -> None:
    every = tuple(CATALOGUE.values())
    clean = CATALOGUE["an ordinary line"]
    assert differences([Lines("a", every), Lines("b", every[::-1], 5), Lines("c", every[::2], 2, torn=True)]) == []
    assert differences([Lines("a", tuple(line for hostile in every for line in (clean, hostile)))]) == []


OBJECTS = st.lists(
    st.builds(
        Lines,
        st.just(""),
        st.lists(
            st.one_of(
                lines.LINES,
                lines.records(lines.PLAIN_TEXT).map(lines.Record.render),
                st.sampled_from([*CATALOGUE.values(), b"", b"\r"]),
            ),
            min_size=1,
            max_size=8,
        ).map(tuple),
        st.integers(1, 2**31),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
).map(lambda objects: [Lines(f"o{n}", one.lines, one.first_line, one.torn and one.lines[-1] != b"") for n, one in enumerate(objects)])
"""Log objects whose lines are proper, hostile, damaged, noise or blank."""


@tried(2)
@given(OBJECTS, st.frozensets(st.sampled_from(sorted(ALL_TEXTS))))
@example([Lines("o0", (b"", b"\r", b""))], ALL_TEXTS)
def test_both_parsers_agree_on_every_line_of_a_block(objects: list[Lines], texts: frozenset[str]) -> None:
    assert differences(objects, texts) == []


_EDITS = (
    *(b" ", b'"', b"-", b"a", b"0", b".", b"[", b"]", b"#", b"\t", b"\r", b"\x1f", b"\x00", b"\x85", b"\xff", "\u2028".encode()),
    *(b'" ', b' "', b'""', b'" "', b"  ", b" - ", b" x", b"#17", b"\xef\xbb\xbf", b" v", b'" v"'),
)


@st.composite
def mended(draw: st.DrawFn) -> bytes:
    """A line of the catalogue with a few bytes put in, taken out or changed: around the border of what the fast path may take."""
    line = draw(st.sampled_from(list(CATALOGUE.values())))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        piece = draw(st.sampled_from((b"", *_EDITS)))
        line = line[:at] + piece + line[at + draw(st.integers(0, 1)) :]
    return line.replace(b"\n", b"")


@tried(2)
@given(st.lists(mended(), min_size=1, max_size=60), st.booleans())
def test_both_parsers_agree_on_lines_at_the_border_of_the_proof(mutants: list[bytes], torn: bool) -> None:  # noqa: FBT001 - hypothesis
    assert differences([Lines("o", tuple(mutants), 1, torn and mutants[-1] != b"")]) == []


@tried(8)
@given(st.lists(OBJECTS, min_size=2, max_size=4))
def test_a_parser_reads_a_block_alike_whatever_it_read_before(blocks: list[list[Lines]]) -> None:
    parser, columns = fresh()
    for objects in blocks:
        assert compared(parser_sees(parser, columns, objects), reading_sees(objects)) == []


def test_the_cross_checks_are_counted_by_both_alike() -> None:
    broken = {
        "requester-authentication": record(requester=b"-").render(),
        "signature-authentication": record(suffix=(*SUFFIX[:2], b"-", *SUFFIX[3:])).render(),
        "tls-cipher": record(suffix=(*SUFFIX[:6], b"-", *SUFFIX[7:])).render(),
        "status-error-code": record(core=(b"404", *lines.ORDINARY.core[1:])).render(),
        "method-operation": record(request_uri=b"PUT /k HTTP/1.1").render(),
        "turn-around-time": record(core=(b"200", b"-", b"1", b"1", b"6", b"7")).render(),
        "remote-ip": record(remote_ip=b"-").render(),
    }
    assert set(broken) == set(CHECKS)
    for kind, line in broken.items():
        seen = parser_sees(*fresh(), [Lines("o", (line, record().render(), line))])
        assert (kind, dict(seen.warnings)) == (kind, {kind: 2})


def test_a_mebibyte_is_a_line_and_a_byte_more_is_not() -> None:
    room = MAX_LINE - len(record(user_agent=b"").render())
    longest = record(user_agent=b"A" * room).render()
    over = record(user_agent=b"A" * (room + 1)).render()
    clean = record().render()
    objects = [Lines("a", (clean, longest, longest + b"\r", over, clean)), Lines("b", (over,), 1, torn=True), Lines("c", (clean,))]
    assert differences(objects, frozenset()) == []
    seen = parser_sees(*fresh(frozenset()), objects)
    assert sorted(seen.records) == [("a", 1), ("a", 2), ("a", 3), ("a", 5), ("c", 1)]
    assert {line: reason for line, (_, reason, _) in seen.quarantined.items()} == {
        ("a", 4): "longer than 1 MiB",
        ("b", 1): "truncated: the object ends inside this line (longer than 1 MiB)",
    }


@pytest.mark.parametrize("field", TEXT_NAMES)
def test_a_mebibyte_of_quotes_is_read_beside_others(field: str) -> None:
    room = MAX_LINE - len(record(**{field: b""}).render())
    assert differences([Lines("o", (record().render(), record(**{field: b'"' * room}).render(), record().render()))], frozenset()) == []


def test_a_block_without_lines_holds_nothing() -> None:
    for block in (Block(b"", ()), Block(b"\n\r\n\n", (Piece(0, 1, 3),)), Block(b"\n", (Piece(0, 1, 1),), ("o",), pl.Series([""]))):
        parsed = Parser(Vocabulary()).parse(block)
        assert (parsed.records.height, parsed.readings.height, parsed.quarantined, parsed.warnings) == (0, 0, [], {})


def test_lines_that_were_split_already_are_not_split_again() -> None:
    data = record().render() + b"\n" + record(requester=OAI).render() + b"\n"
    given_texts = Block(data, (Piece(0, 1, 2),), ("o",), pl.read_lines(data)["line"])
    one, other = (Parser(Vocabulary(), ALL_TEXTS).parse(block) for block in (given_texts, Block(data, given_texts.pieces, ("o",))))
    assert one.records.equals(other.records)
    assert one.records.height == 2


@pytest.mark.parametrize("texts", [frozenset(), frozenset({"referer"}), ALL_TEXTS])
def test_the_frame_has_the_columns_that_it_promises(texts: frozenset[str]) -> None:
    parser, _ = fresh(texts)
    for line in (CATALOGUE["an ordinary line"], CATALOGUE["a second core in the Referer"], CATALOGUE["bare dashes"], b"noise"):
        parsed = parser.parse(Block(line + b"\n", (Piece(0, 1, 1),)))
        for frame in (parsed.records, parsed.readings, parser.nothing):
            assert frame.columns == [name for name in PHYSICAL if name not in ALL_TEXTS or name in texts]
            assert all(frame.schema[name] == dtype for name, dtype in PHYSICAL.items() if name in frame.columns)


def test_an_identity_that_a_client_writes_into_a_text_keeps_its_spaces() -> None:
    line = record(requester=OAI, user_agent=b"a " + OAI + b" b", referer=b"r " + OAI, request_uri=b"GET /" + OAI + b" HTTP/1.1").render()
    seen = parser_sees(*fresh(), lone(line))
    (row,) = seen.records["o", 7]
    assert SPACED.decode() in row["user_agent"]
    assert (row["requester"], row["principal_type"]) == (OAI.decode(), "oai")
    assert (row["user_agent"], row["referer"]) == (f"a {OAI.decode()} b", f"r {OAI.decode()}")


def test_no_user_agent_hides_how_a_request_was_protected() -> None:
    forged = record(requester=b"-", user_agent=b'"' + FORGED_SUFFIX + b'"', suffix=ANONYMOUS).render()
    (row,) = parser_sees(*fresh(), lone(forged)).records["o", 7]
    assert (row["tls_version"], row["signature_version"], row["fields"]) == (None, None, 26)
    assert row["user_agent"] == '"' + FORGED_SUFFIX.decode() + '"'


def test_what_follows_the_host_id_is_told_apart_from_what_is_not_there() -> None:
    tails = ["#17", "#18", "- - - - -", "SigV4 c AuthHeader h TLSv1.2", "a b c d e f g h i j", "#17 b c d e", "- - - - - - - - -"]
    told = tail_columns(pl.Series(tails)).rows(named=True)
    assert [row["fields"] for row in told] == [17, 18, 24, 24, 29, 24, 28]
    assert [row["signature_version"] for row in told] == [None, None, None, "SigV4", "a", "#17", None]
    assert [row["extra"] for row in told] == [None, None, None, None, "i j", None, "-"]
    assert list(told[4].values())[: len(TAIL_FIELDS)] == list("abcdefgh")


_NEARLY_NUMBERS = st.text(st.sampled_from("0123456789+-._eE, \t'x\u0661"), min_size=1, max_size=21).map(str.encode)
_NEARLY_TIMES = st.one_of(
    lines.times().map(lambda drawn: drawn[0]),
    st.tuples(st.sampled_from(["01", "1", "\t1", "31", "32", "+1"]), st.sampled_from(["Oct", "oct", "Feb", "October", "10"])).map(
        lambda drawn: f"[{drawn[0]}/{drawn[1]}/2026:00:00:00 +0000]".encode()
    ),
    st.from_regex(rb"\A\[01/Oct/[+]?[0-9]{1,5}:[0-9 \t]?[0-9]:[0-6]?[0-9]:[0-9 \t+]?[0-9] \+0000\]\Z"),
)


@tried(2)
@given(st.lists(st.tuples(st.integers(0, 5), _NEARLY_NUMBERS, _NEARLY_TIMES), min_size=1, max_size=40))
def test_both_parsers_agree_on_what_is_nearly_a_number_or_a_time(odd: list[tuple[int, bytes, bytes]]) -> None:
    made = []
    for place, token, time in odd:
        core = [b"200", b"-", b"1", b"2", b"3", b"4"]
        core[place] = token
        made += [record(core=tuple(core)).render(), record(logged_time=time).render()]
    assert differences([Lines("o", tuple(made))]) == []


def test_lines_of_identities_and_of_others_take_the_short_path(monkeypatch: pytest.MonkeyPatch) -> None:
    # NOTE: identities are glued once most lines of a block named one, and no longer once they do not; each way reads alike.
    parser, columns = fresh()
    identity, other = record(requester=OAI).render(), record().render()
    blocks = [[Lines("o", tuple(some))] for some in ([identity] * 3 + [other], [identity, other, other], [other] * 3, [identity])]
    seen = [reading_sees(objects) for objects in blocks * 2]
    monkeypatch.setattr("s3guard.reading.read_line", None)
    assert [compared(parser_sees(parser, columns, objects), one) for objects, one in zip(blocks * 2, seen, strict=True)] == [[]] * 8
