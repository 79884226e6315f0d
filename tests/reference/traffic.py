"""Log lines as S3 writes them, for worlds: every operation, requester and generation of the format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from urllib.parse import quote_plus

from .lines import CORE_COLUMNS, MONTHS, SUFFIX_COLUMNS

Fields = dict[str, bytes]
OWNER = b"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
FOREIGNER = b"3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61"
HOME, ABROAD = b"111122223333", b"999988887777"
SESSION = b"arn:aws:sts::%b:assumed-role/%b/%b"
INSIDERS = [
    SESSION % (HOME, b"records-service", b"i-0123456789abcdef0"),
    SESSION % (HOME, b"records-service", b"i-0fedcba9876543210"),
    SESSION % (HOME, b"ingest", b"batch@example.org"),
    b"arn:aws:iam::%b:user/ingest/batch-7" % HOME,
    b"arn:aws:iam::%b:user/ingest/batch-8" % HOME,
    SESSION % (HOME, b"platform-admin", b"root,cause=1"),
]
OUTSIDERS = [
    SESSION % (HOME, b"analyst", b"records-service"),
    SESSION % (ABROAD, b"records-service", b"x"),
    SESSION.replace(b":aws:", b":aws-cn:") % (HOME, b"records-service", b"cn"),
    b"arn:aws:iam::%b:user/ann" % HOME,
    b'arn:aws:iam::%b:user/x"/200/"y/eve' % ABROAD,
    b"arn:aws:sts::%b:federated-user/fred" % HOME,
    b"arn:aws-us-gov:sts::%b:federated-user/fred" % ABROAD,
    OWNER,
    FOREIGNER,
    b"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1A2B3C4D5E6F7",
    b"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EZZZZ",
]
SERVICES = [b"svc:delivery.logs.amazonaws.com", b"svc:cloudfront.amazonaws.com", SESSION % (HOME, b"replicator", b"s3-replication")]
ADDRESSES = [b"203.0.113.9", b"203.0.113.77", b"10.1.2.3", b"10.9.8.7", b"2001:db8::5", b"2001:DB8:0:1::5"]
STRANGE_ADDRESSES = [b"198.51.100.7", b"192.0.2.200", b"172.16.0.1", b"2400:cb00::1", b"2400:cb00::2:1", b"::1"]
KEYS = [
    "records/2026/a b.csv",
    "records/ü/naïve.csv",
    "exports/2026-09.csv",
    "exports/100%/x+y.bin",
    "public/index.html",
    'odd/a"b\\c.txt',
    "odd/=cmd|' /C calc'!A0",
    "odd/%2e%2e/%00",
    "日本/記録\u2028.csv",
    "new\nline",
    "-x",
]
AGENTS = [b"aws-sdk-java/1.12", b"Boto3/1.44 md/Botocore#1.44 ua/2.1", b"curl/8.5", b"Mozilla/5.0 (X11; [en] Linux)", b"-", b"-", b""]
READS = [b"REST.GET.OBJECT"] * 6 + [b"REST.HEAD.OBJECT", b"REST.GET.PART", b"REST.GET.BUCKET", b"REST.GET.ACL", b"REST.POST.SELECT"]
WRITES = [b"REST.PUT.OBJECT"] * 4 + [b"REST.PUT.PART", b"REST.POST.UPLOAD", b"REST.COPY.OBJECT", b"REST.PUT.OBJECT_TAGGING"]
CHANGES = [b"REST.PUT.BUCKETPOLICY", b"REST.PUT.ACL", b"REST.PUT.LOGGING_STATUS", b"REST.DELETE.LIFECYCLE", b"REST.PATCH.BUCKET"]
ODD = [b"REST.PUT.NEWTHING", b"REST.GET.NEWTHING", b"FOO.PUT.OBJECT", b"WEBSITE.INVALIDOPERATION", b"REST.OPTIONS.PREFLIGHT"]
REFUSED = [(403, b"AccessDenied")] * 4 + [(403, b"SignatureDoesNotMatch"), (400, b"ExpiredToken"), (400, b"KMS.DisabledException")]
FAILED = [(404, b"NoSuchKey")] * 4 + [
    (403, b"InvalidObjectState"),
    (301, b"PermanentRedirect"),
    (416, b"InvalidRange"),
    (412, b"PreconditionFailed"),
]
BROKEN = [(500, b"InternalError"), (503, b"SlowDown"), (503, b"ServiceUnavailable")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a request happens."""

    rng: Random
    bucket: str
    second: int
    # what number of fields lines of that bucket have
    generations: list[int]


Writer = Callable[[Place], list[bytes]]


def stamp(rng: Random, second: int) -> bytes:
    """The time as the log writes it; now and then in another zone, which no real log was seen to do."""
    zone, shift = (b"+0200", 7200) if rng.random() < 0.005 else (b"-0330", -12600) if rng.random() < 0.005 else (b"+0000", 0)
    moment = datetime.fromtimestamp(second + shift, UTC)
    return b"[%02d/%b/%04d:%02d:%02d:%02d %b]" % (
        moment.day,
        MONTHS[moment.month - 1],
        moment.year,
        moment.hour,
        moment.minute,
        moment.second,
        zone,
    )


def token(rng: Random, length: int) -> bytes:
    """A random request id."""
    return "".join(rng.choices("0123456789ABCDEF", k=length)).encode()


def encoded(key: str | bytes, times: int) -> bytes:
    """A key as the log writes it."""
    value: str | bytes = key
    for _ in range(times):
        value = quote_plus(value, safe="/*-._")
    return value.encode() if isinstance(value, str) else value


def some_key(rng: Random) -> str | bytes:
    """A key; a few are not UTF-8."""
    if rng.random() < 0.01:
        return b"raw/\xff\xfe.bin"
    return rng.choice(KEYS) if rng.random() < 0.5 else f"records/{rng.randrange(50)}.csv"


def request(place: Place, operation: bytes, **changed: bytes) -> Fields:
    """The fields of an ordinary, served request of an insider over TLS 1.2; `changed` replaces what is named."""
    rng = place.rng
    key = some_key(rng) if b"OBJECT" in operation or b"PART" in operation else None
    times = 1 if operation.startswith((b"BATCH.", b"S3.")) else 2
    size, slow = rng.choice([0, 1, 384, 70_000, 6_284_696]), rng.choice([3, 9, 20, 53, 180])
    verb = operation.split(b".")[1]
    target = b"/" + encoded(key, 1) if key is not None else b"/?list-type=2"
    fields: Fields = {
        "bucket_owner": OWNER,
        "bucket": place.bucket.encode(),
        "time": stamp(rng, place.second),
        "remote_ip": rng.choice(ADDRESSES),
        "requester": rng.choice(INSIDERS),
        "request_id": token(rng, 16),
        "operation": operation,
        "key": encoded(key, times) if key is not None else b"-",
        "request_uri": b"%b %b HTTP/1.1" % (b"PUT" if verb == b"COPY" else verb, target),
        "http_status": b"200",
        "bytes_sent": b"%d" % size if size else b"-",
        "object_size": b"%d" % size,
        "total_time": b"%d" % (slow + rng.randrange(5)),
        "turn_around_time": b"%d" % slow if rng.random() < 0.9 else b"-",
        "user_agent": rng.choice(AGENTS),
        "version_id": b"U4WvVRIYm" if rng.random() < 0.1 else b"-",
        "host_id": b"DX8oFoKQx0o5V3lwEuWBxF5p2fSXrwINj0rnxmas0YgjWuPqYLK/vnW60Txh23K93aahe0IFw2c=",
        "signature_version": b"SigV4",
        "cipher_suite": b"ECDHE-RSA-AES128-GCM-SHA256",
        "authentication_type": b"AuthHeader",
        "host_header": place.bucket.encode() + b".s3.amazonaws.com",
        "tls_version": rng.choice([b"TLSv1.2", b"TLSv1.2", b"TLSV1.2", b"TLSv1.3"]),
    }
    fields |= changed
    if fields["requester"] == b"-":
        fields |= {"signature_version": b"-", "authentication_type": b"-"}
    return fields


def line(place: Place, fields: Fields, *, bare: bool = False) -> bytes:
    """One line of the bucket's generation; three bare dashes where asked."""
    fields = {**dict.fromkeys(CORE_COLUMNS, b"-"), **dict.fromkeys(("referer", "user_agent", "request_uri"), b"-"), **fields}
    prefix = ("bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key")
    marks = b"%b" if bare else b'"%b"'
    pieces = [fields[column] for column in prefix]
    pieces.append(marks % fields["request_uri"])
    pieces += [fields[column] for column in CORE_COLUMNS]
    pieces += [marks % fields["referer"], marks % fields["user_agent"]]
    count = place.rng.choice(place.generations)
    pieces += [fields.get(column, b"-") for column in SUFFIX_COLUMNS[: count - 17]]
    pieces += [b"later%d" % number for number in range(count - 27)]
    if count == 24 and fields.get("signature_version") == b"SigV4" and place.rng.random() < 0.2:
        pieces.insert(18, b"AIDAJDPLRKLG7UEXAMPLE")
    return b" ".join(pieces)


def ending(rng: Random, pairs: list[tuple[int, bytes]]) -> Fields:
    """A refusal or a failure."""
    status, code = rng.choice(pairs)
    return {"http_status": b"%d" % status, "error_code": code, "object_size": b"-", "bytes_sent": b"243"}


def ordinary(place: Place) -> list[bytes]:
    """What the bucket is for."""
    rng = place.rng
    operation = rng.choice(READS if rng.random() < 0.75 else WRITES)
    return [line(place, request(place, operation, **(ending(rng, FAILED) if rng.random() < 0.08 else {})))]
