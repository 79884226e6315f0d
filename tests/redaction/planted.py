"""Persons and credentials planted in every field of a log that may hold them, and the looking for them in whatever was written."""

from __future__ import annotations

import html
import io
import json
import re
from pathlib import Path

import polars as pl

from s3guard.redaction.columns import CLIENT, DOMAINS
from tests import lines

NEEDLES: dict[str, tuple[str, ...]] = {
    "ip": ("203.0.113.77", "203.0.113", "2001:db8:77", "203-0-113-77"),
    "requester": ("nightwatch", "plantedperson", "444455556666", "AKIAPLANTED", "c0ffee" * 8),
    "key": ("plantedkey", "plantedpath"),
    "user_agent": ("PlantedAgent",),
    "credential": ("TOPSECRET",),
}
"""What must not be found, by kind: letters that no escaping changes, and addresses."""
KINDS = tuple(kind for kind in NEEDLES if kind != "credential")

ROLE = b"arn:aws:sts::444455556666:assumed-role/nightwatch/plantedperson@example.org"
CANONICAL = b"c0ffee" * 10 + b"c0ff"
URI = b"GET /plantedkey/plantedpath?X-Amz-Credential=AKIAPLANTED1EXAMPLE&X-Amz-Signature=TOPSECRET1&x-user-token=TOPSECRET2 HTTP/1.1"
KEY = b"plantedkey/plantedpath%253FSignature%253DTOPSECRET3%2526x-user-token%253DTOPSECRET4"
SUFFIX = (
    *(b"plantedkey", lines.HOST_ID, b"SigV4", b"ECDHE-RSA-AES128-GCM-SHA256", b"AuthHeader", b"plantedkey.444455556666.example"),
    *(
        b"TLSv1.2",
        b"arn:aws:s3:us-west-1:444455556666:accesspoint/plantedperson",
        b"Yes",
        b"us-east-1",
        b"plantedperson?Signature=TOPSECRET5",
    ),
)


def planted(**changes: object) -> lines.Record:
    """A record with all of it."""
    usual = {
        "bucket_owner": CANONICAL,
        "remote_ip": b"203.0.113.77",
        "requester": ROLE,
        "key_logged": KEY,
        "request_uri": URI,
        "referer": b"https://a.example/plantedkey?u=plantedperson&ip=203.0.113.77&next=%3FX-Amz-Security-Token%3DTOPSECRET6",
        "user_agent": b"PlantedAgent/1.2.3.4 x-amz-security-token: TOPSECRET7TOPSECRET7",
        "suffix": SUFFIX,
    }
    return lines.record(**{**usual, **changes})


BROKEN = b"203.0.113.77 plantedperson plantedkey PlantedAgent 444455556666 ?x-user-token=TOPSECRET8"
"""A line that is no record."""
LOG = b"".join(
    line + b"\n"
    for line in (
        planted().render(),
        planted(remote_ip=b"2001:db8:77::1", requester=b"-", operation=b"REST.PUT.OBJECT").render(),
        planted(requester=CANONICAL, core=(b"403", b"AccessDenied", b"1", b"-", b"9", b"8")).render(),
        planted(user_agent=b'PlantedAgent" 404 NoSuchKey 1 1 1 1 "-" "x-user-token=TOPSECRET9').render(),
        BROKEN,
        planted(request_uri=b"GET /plantedkey?X-Amz-Signature=TOPSEC").render()[:430],
        b"RETTOPSECRET10TOPSECRET&x-user-token=TOPSECRET11 HTTP/1.1 plantedperson",
    )
)
DELIVERED = json.dumps(
    {
        "schema_version_id": "V_1_0",
        "bucket_name": "examplebucket",
        "request_time": "2019-02-06T00:00:38.000Z",
        "remote_ip": "203.0.113.77",
        "requester": ROLE.decode(),
        "operation": "REST.GET.OBJECT",
        "key_name": "plantedkey",
        "request_uri": URI.decode(),
        "user_agent": "PlantedAgent",
        "newer": "plantedperson TOPSECRET 203.0.113.77"[:13],
    }
).replace("=", "\\u003d")

GROUPED = [*DOMAINS, *CLIENT]
_RULE = '    - {{id: {}, where: "fields > 0", measure: count, max: 0, group_by: [{}]}}\n'
POLICY = f"""\
version: 1
policy: p
buckets: [examplebucket]
mask: [x-user-*]
rules:
  requesters: {{allow: ["arn:aws:iam::111122223333:user/ann"], title: "Nobody like arn:aws:iam::444455556666:user/plantedperson reads"}}
  writers: {{allow: ["arn:aws:iam::111122223333:user/ann"]}}
  networks: {{allow: [10.0.0.0/8]}}
  access_denied: {{max: 0, per: 10m, group_by: [network]}}
  user_agents: {{allow: [ours*]}}
  volume: {{requests: 1, per: 1h}}
  custom:
{"".join(_RULE.format(name.replace("_", "-"), name) for name in GROUPED)}
"""
"""Rules whose subjects are every column that tells anything of anybody."""


def spelled(content: bytes) -> str:
    """What a reader could make of the bytes: as they are, and less the escapes of percent, JSON and HTML, in small letters."""
    plain = content.decode("utf-8", "replace")
    once = re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), plain)
    twice = re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), once)
    coded = re.sub(r"\\+(?:u\{|u00|x)([0-9A-Fa-f]{2})\}?", lambda match: chr(int(match[1], 16)), twice)
    return "\n".join((plain, once, twice, coded, html.unescape(coded))).lower()


def found(content: bytes, *kinds: str) -> list[str]:
    """The needles of these kinds that are in the content; of Parquet, in its texts and in what it says of itself too."""
    if content.startswith(b"PAR1"):
        frame = pl.read_parquet(io.BytesIO(content))
        texts = [str(value) for name in frame.columns for value in frame[name].drop_nulls()]
        content = "\n".join((*texts, str(pl.read_parquet_metadata(io.BytesIO(content))))).encode("utf-8", "replace")
    text = spelled(content)
    return [needle for kind in kinds for needle in NEEDLES[kind] if needle.lower() in text]


def project(folder: Path) -> None:
    """Put the policy and the logs into a project."""
    (folder / "policies" / "p.yaml").write_text(POLICY, encoding="utf-8")
    for file in (folder / "logs").iterdir():
        file.unlink()
    (folder / "logs" / "planted.log").write_bytes(LOG)
    (folder / "logs" / "delivered.json").write_text(DELIVERED + "\n", encoding="utf-8")
    (folder / "logs" / "torn.gz").write_bytes(b"\x1f\x8b\x08\x00plantedperson")
