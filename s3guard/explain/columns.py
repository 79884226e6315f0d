"""The pages of small words: columns, integrity warnings, outcomes."""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.fields import WARNINGS
from s3guard.page import Page
from s3guard.records import Column

_CHOSEN = {
    "request_uri": "written by the client, raw: it may imitate anything, and no exemption may rest on it",
    "referer": "written by the client, raw: it may imitate anything, and no exemption may rest on it",
    "user_agent": "written by the client, raw: it may imitate anything, and no exemption may rest on it",
    "version_id": "its value comes with the request",
    "host_header": "its value comes with the request, though it must lead to the bucket",
    "key": "its value comes with the request; it is encoded in the log, so it cannot imitate other fields",
    "key_logged": "its value comes with the request; it is encoded in the log, so it cannot imitate other fields",
    "remote_ip": "as S3 saw it: a proxy or a NAT gateway may stand in between",
    "requester": "as S3 authenticated it; the name of a role's session, after its last slash, is chosen by who assumed the role",
}
_OUTCOMES = {
    "served": "S3 did what was asked: the status is under 300 or 304, or there is none, as for the source of a copy.",
    "refused": "S3 turned the requester away: the error code is of kind authorization or authentication, whatever the status.",
    "failed": "All else: the request was let in and did not succeed, or was sent elsewhere (redirects).",
}


def explained(column: Column, page: Page) -> Iterator[str]:
    """Lines of the page of a column."""
    yield from page.ends("column", column.name, f"field {column.position}" if column.position else "made by s3guard")
    yield from page.lines("", column.meaning)
    kind = str(column.dtype.base_type()) if column.dtype.is_temporal() else str(column.dtype)
    yield from page.lines("type", f"{kind}{f', in {column.unit}' if column.unit else ''}")
    yield from page.lines("from", f"{column.source}, in AWS's documentation" if column.position else column.source)
    if column.position:
        yield from page.lines("since", f"the log format of {column.added}" if column.added != "original" else "the first log format")
    missing = "where the log says - (not known, or not applicable)" if column.position else "where there is nothing to derive it from"
    yield from page.lines("null", missing if column.nullable else "never")
    if trust := _CHOSEN.get(column.name):
        yield from page.lines("trust", trust)


def warning_explained(kind: str, page: Page) -> Iterator[str]:
    """Lines of the page of an integrity warning."""
    yield from page.ends("warning", kind, "")
    yield from page.lines("", f"{WARNINGS[kind]}.")
    yield from page.lines("counts", "it changes no status, outcome or verdict: a strange record is judged like any other")


def outcome_explained(name: str, page: Page) -> Iterator[str]:
    """Lines of the page of an outcome."""
    yield from page.ends("outcome", name, "")
    yield from page.lines("", _OUTCOMES[name])
