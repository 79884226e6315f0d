"""Lines that somebody, or something, has tampered with, and how each must be read."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .traffic import ADDRESSES, INSIDERS, OUTSIDERS, REFUSED, Place, ending, line, request

Fate = str
"""`ok`, `unknown` (a record of which a raw field is unknown), `ambiguous`, `quarantined`, `any` (left to the judge)."""

HARMLESS = [
    b'"Mozilla/5.0 (quoted)',
    b'sra-toolkit "quoted" inside',
    b'ends with a quote"',
    b'x" - HOSTIDHOSTID SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader b.s3.amazonaws.com TLSv1.3 - - us-east-1',
    "U+2028 \u2028 and U+0085 \u0085 and VT \x0b FF \x0c FS \x1c".encode(),
    b"lone CR \r inside",
    b"NUL \x00 inside",
    b"latin-1 \xe9\xff\xfe and half of a pair \xed\xa0\x80",
    b"\x1b[31mred\x1b[0m ::error::x ]]> <script>alert(1)</script> =cmd|' /C calc'!A0",
    b'back\\slash \\" quote',
    b"[06/Feb/2019:00:00:38 +0000] in brackets",
    b'half a core" 200 - 1 1 1 "',
    b'bad core" 2OO - 1 1 1 1 "',
    b"%s%n%d {0} ${jndi:ldap://x}",
]
CORES = [b"200 - 5 5 1 1", b"404 NoSuchKey 243 - 7 6", b"403 AccessDenied 243 - 9 -", b"503 SlowDown - - 1 1", b"- - - - - -"]


def harmless(place: Place) -> tuple[bytes, Fate]:
    """Quotes and bytes that leave only one reading, in one of the three raw fields."""
    column = place.rng.choice(["referer", "user_agent", "user_agent"])
    return line(place, request(place, b"REST.GET.OBJECT", requester=somebody(place.rng), **{column: place.rng.choice(HARMLESS)})), "ok"


def somebody(rng: Random) -> bytes:
    """An insider, an outsider, nobody."""
    return rng.choice([*INSIDERS, *OUTSIDERS, b"-", b"-"])


def hostile_target(place: Place) -> tuple[bytes, Fate]:
    """A quote and raw bytes in the request line."""
    uri = b'GET /x.php?a=\\"b\\"&c=\xff\x00 HTTP/1.1'
    return line(place, request(place, b"REST.GET.OBJECT", request_uri=uri)), "ok"


def two_splits(place: Place) -> tuple[bytes, Fate]:
    """A user agent or a referer that may end in several places."""
    column = place.rng.choice(["referer", "user_agent"])
    value = b"a" + b'" "b' * place.rng.choice([1, 1, 2, 40])
    return line(place, request(place, b"REST.GET.OBJECT", requester=somebody(place.rng), **{column: value})), "unknown"


def same_core(place: Place) -> tuple[bytes, Fate]:
    """A second core with the very values of the first."""
    fields = request(place, b"REST.GET.OBJECT", requester=somebody(place.rng))
    core = [fields.get(name, b"-") for name in ("http_status", "error_code", "bytes_sent", "object_size", "total_time", "turn_around_time")]
    return line(place, fields | {"referer": b'r" ' + b" ".join(core) + b' "x" "y'}), "unknown"


def other_core(place: Place) -> tuple[bytes, Fate]:
    """One core or several that S3 did not write, in the URI, the referer or the user agent."""
    rng = place.rng
    changed = ending(rng, REFUSED) if rng.random() < 0.6 else {}
    fields = request(place, rng.choice([b"REST.GET.OBJECT", b"REST.PUT.OBJECT"]), requester=somebody(rng), **changed)
    fields["total_time"] = b"777"  # no fake core has it, so the readings differ
    if rng.random() < 0.5:
        fields["remote_ip"] = rng.choice(ADDRESSES)
    fake = b"".join(b'" %b "r" "u' % core for core in rng.sample(CORES, rng.choice([1, 1, 2, 3])))
    column = rng.choice(["request_uri", "referer", "user_agent"])
    fields[column] = b"GET /x" + fake
    return line(place, fields), "ambiguous"


def whole_record(place: Place) -> tuple[bytes, Fate]:
    """A complete forged record in the user agent."""
    forged = request(place, b"REST.GET.OBJECT", total_time=b"4242")
    fields = request(place, b"REST.GET.OBJECT", requester=OUTSIDERS[0], **ending(place.rng, REFUSED))
    return line(place, fields | {"user_agent": b'x" ' + line(place, forged)}), "any"


def long_line(place: Place) -> tuple[bytes, Fate]:
    """A hundred kilobytes, of letters or of quotes."""
    if place.rng.random() < 0.5:
        return line(place, request(place, b"REST.GET.OBJECT", user_agent=b"A" * 100_000)), "ok"
    return line(place, request(place, b"REST.GET.OBJECT", referer=b'" "' * 33_000)), "unknown"


def huge_line(place: Place) -> tuple[bytes, Fate]:
    """Over a mebibyte."""
    return line(place, request(place, b"REST.GET.OBJECT", user_agent=b"A" * (1 << 20))), "quarantined"


def double_space(place: Place) -> tuple[bytes, Fate]:
    """Two spaces between fields of the prefix or of the suffix."""
    good = line(place, request(place, b"REST.GET.OBJECT"))
    if place.rng.random() < 0.5 and min(place.generations) > 18 and good.count(b'"') == 6:
        return good[::-1].replace(b" ", b"  ", 1)[::-1], "quarantined"
    return good.replace(b" ", b"  ", place.rng.randrange(1, 7)), "quarantined"


def wrong_count(place: Place) -> tuple[bytes, Fate]:
    """19 to 23 fields, or something glued to the last quote."""
    good = line(place, request(place, b"REST.GET.OBJECT", user_agent=b"curl/8.5"))
    head = good[: good.rindex(b'"') + 1]
    tail = place.rng.choice([b" - a", b" - a b c d", b" a b c d e f", b"-", b" ", b" -  a", b";", b" - - SigV4 c AuthHeader h T "])
    return head + tail, "quarantined"


def cut_in_prefix(place: Place) -> tuple[bytes, Fate]:
    """A line that ends before its ninth field."""
    good = line(place, request(place, b"REST.GET.OBJECT"))
    return good[: place.rng.randrange(1, good.index(b'"'))], "quarantined"


def cut_anywhere(place: Place) -> tuple[bytes, Fate]:
    """A line that ends somewhere; some of these are whole by chance."""
    good = line(place, request(place, b"REST.GET.OBJECT"))
    return good[: place.rng.randrange(1, len(good))], "any"


def torn(place: Place) -> tuple[bytes, Fate]:
    """The beginning of one line and another whole one."""
    first, second = (line(place, request(place, b"REST.GET.OBJECT")) for _ in range(2))
    return first[: place.rng.randrange(len(first) + 1)] + second, "any"


def nonsense(place: Place) -> tuple[bytes, Fate]:
    """No log line at all, or one whose time, operation or shape cannot be."""
    good = line(place, request(place, b"REST.GET.OBJECT", time=b"[01/Jan/2026:00:00:00 +0000]"))
    choices = [
        b"   ",
        b"#Version: 1.0",
        b'{"bucket": "x"}',
        b"\x00\x01\x02",
        good.replace(b"01/Jan", b"30/Feb"),
        good.replace(b"Jan", b"jan"),
        good.replace(b"00:00:00", b"24:00:00"),
        good.replace(b"REST.GET.OBJECT ", b"REST "),
        good.replace(b" 200 ", b" 2x0 "),
    ]
    return place.rng.choice(choices), "quarantined"


TAMPERED: dict[str, Callable[[Place], tuple[bytes, Fate]]] = {
    writer.__name__: writer for writer in (harmless, hostile_target, two_splits, same_core, other_core, whole_record)
}
DAMAGED: dict[str, Callable[[Place], tuple[bytes, Fate]]] = {
    writer.__name__: writer for writer in (double_space, wrong_count, cut_in_prefix, cut_anywhere, torn, nonsense)
}
