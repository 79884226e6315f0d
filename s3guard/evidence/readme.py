"""README.txt of a pack: what it is, what stands in it, how to check it with nothing but openssl and sha256sum, and what it proves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from s3guard.evidence.manifest import Manifest
from s3guard.evidence.members import ATTESTATIONS, MANIFEST, README, Member
from s3guard.text import shown

WIDTH: Final = 88

_MEMBERS: Final = (
    ("manifest.json", "the list of all files with their SHA-256; this is what is signed"),
    ("report.html", "the report, for a browser; it loads nothing from anywhere"),
    ("report.json", "the same report, for machines"),
    ("junit.xml, report.sarif", "the same report, for other tools"),
    ("policies/", "the policies that the logs were judged by, byte by byte"),
    ("frameworks/", "which control each check is evidence for, and who says so"),
    ("objects.jsonl", "every log object that was judged, with its SHA-256"),
    ("coverage.json", "in which hours each bucket has records, and where there are gaps"),
    ("runs.json", "the reviews that were due and the runs that were found"),
    ("waivers.json", "what is accepted for a time, by whom, why and until when"),
    ("quarantined.jsonl", "lines that are no record or could be read in several ways"),
    ("attestations/", "who signed this, and what they say; absent if nobody has yet"),
)

_LIMITS: Final = """\
Amazon S3 delivers access logs on a best-effort basis: a record may come hours late, twice or never, and a log object that is there does
not show that its time is complete. So that no violation was found means none among the records that were delivered, never that none
happened.

What the report says of the configuration of buckets holds for the moment at which it was looked at.

The manifest shows that nothing in this file was altered since it was made. Only a signature by a key that you trust shows who made it,
and only a time stamp of somebody else shows when. Neither shows that the logs were whole when they were judged.

Times of runs are those of the clocks of the machines that they ran on. A run that failed before it wrote anything down leaves no trace but
a review that is missing.

This is evidence for controls, and part of what an auditor needs. Whether a control is met is for the auditor to say.
"""
_PSEUDONYMS: Final = """\
Addresses, requesters and the like stand as pseudonyms in the report; a line that could not be read is known by its digest alone. The
policies are not redacted: they are, byte by byte, what was judged by.
"""
_ALONE: Final = "This pack was made by one run, without a record of other runs: it does not tell whether reviews are missing."
_HOW: Final = r"""  1. Unpack it into an empty folder, and look whether each file is what the manifest says:

       tar -xf PACK.tar
       grep -o '{"path":"[^"]*","sha256":"[0-9a-f]*"' manifest.json |
         sed 's/{"path":"\(.*\)","sha256":"\(.*\)"/\2  \1/' | sha256sum -c

     No file may be there that is not named, but manifest.json and attestations/.

  2. Look whether the key that you trust (PUBLIC.pem, which is not in this file) signed it.
     For each attestations/NNNN-….dsse.json:

       f=attestations/0001-test-result.dsse.json
       sed 's/.*"payload":"\([^"]*\)".*/\1/' $f | base64 -d > payload
       sed 's/.*"sig":"\([^"]*\)".*/\1/' $f | base64 -d > signature
       printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < payload) |
         cat - payload > signed
       openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in signed -sigfile signature

     (A key of AWS KMS: openssl dgst -sha256 -verify PUBLIC.pem -signature signature signed)

  3. Look whether what was signed is this manifest: its SHA-256 stands in the payload.

       sha256sum manifest.json; cat payload

  With s3guard, all of that and more:  s3guard evidence verify PACK.tar --key PUBLIC.pem
  A page to read first:                s3guard evidence show PACK.tar
"""


def readme(told: Manifest, names: Sequence[str]) -> Member:
    """The member; `names` are the files of the pack."""
    return Member(README, ("\n".join(_lines(told, names)) + "\n").encode("utf-8"))


def _lines(told: Manifest, names: Sequence[str]) -> Iterator[str]:
    yield "EVIDENCE OF A REVIEW OF AMAZON S3 ACCESS LOGS"
    yield "=" * 45
    yield ""
    yield f"Period        {told.period.since} to {told.period.until} (UTC; the end is not part of it)"
    yield f"Clock         {told.as_of} (what had expired or was late by then)"
    yield f"Made with     s3guard {told.tool.version}"
    yield f"Result        {told.status}, exit code {told.exit_code}"
    yield f"Policies      {', '.join(shown(name) for name in told.policies) or 'none'}"
    promised = told.promises
    yield f"Looked at     {promised.records:,} records in {promised.objects:,} log objects"
    if told.redacted is not None:
        yield f"Redacted      {', '.join(told.redacted.kinds)}; pseudonyms under the key {told.redacted.key}"
    yield ""
    yield from _not_looked_at(told)
    yield from _what(names)
    yield from _headed("HOW TO CHECK IT WITHOUT S3GUARD")
    yield _HOW
    yield from _headed("WHAT THIS PROVES, AND WHAT NOT")
    more = (_PSEUDONYMS if told.redacted is not None else "", _ALONE if told.state is None else "")
    for limit in (*_LIMITS.split("\n\n"), *filter(None, more)):
        yield from _item(limit)


def _not_looked_at(told: Manifest) -> Iterator[str]:
    yield from _headed("WHAT IS MISSING, OR COULD NOT BE LOOKED AT")
    if not told.not_looked_at:
        yield from _item("Nothing that this pack knows of.")
    for sentence in told.not_looked_at:
        yield from _item(shown(sentence))
    yield ""


def _what(names: Sequence[str]) -> Iterator[str]:
    yield from _headed("WHAT IS IN IT")
    for name, says in _MEMBERS:
        first = name.split(",")[0]
        if any(one.startswith(first) for one in (*names, MANIFEST, ATTESTATIONS)):
            yield f"  {name:<24} {says}"
    yield ""


def _headed(title: str) -> Iterator[str]:
    yield title
    yield "-" * len(title)
    yield ""


def _item(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="  * ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
