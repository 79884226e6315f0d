"""Lines and judgements for tests that are computed by hand."""

from __future__ import annotations

from typing import Any

from . import lines, rules

NOON = 1_767_355_200
"""2 January 2026, 12:00:00 UTC, a Friday."""
ROLE = "arn:aws:sts::111122223333:assumed-role/app/session"
APP = "arn:aws:iam::111122223333:role/app"
SIX = "200 - 10 100 9 5"
SUFFIX = "- HOSTID SigV4 AES AuthHeader b.s3.amazonaws.com TLSv1.2 - - eu-central-1"


def line(**changed: str) -> bytes:
    """A line of 27 fields, with what is named replaced: `time` as hh:mm:ss of 2 January 2026, `six` fields 10 to 15, `suffix` 18 to 27."""
    fields = {
        "owner": "f" * 64,
        "bucket": "b",
        "time": "12:00:00",
        "ip": "10.0.0.1",
        "requester": ROLE,
        "id": "ID",
        "operation": "REST.GET.OBJECT",
        "key": "k",
        "uri": '"GET /k HTTP/1.1"',
        "six": SIX,
        "referer": '"-"',
        "agent": '"curl/8"',
        "suffix": SUFFIX,
        **changed,
    }
    fields["time"] = f"[02/Jan/2026:{fields['time']} +0000]"
    return " ".join(value for value in fields.values() if value).encode()


def one(content: bytes) -> lines.Row:
    """The only row of a log object."""
    (row,) = lines.read_file("o", content)
    return row


def verdict(kind: str, rule: dict[str, Any], *content: bytes, **more: Any) -> dict[str, Any]:
    """The result of one rule over one bucket; `more` is more of the policy, `since`, `until` and `as_of`."""
    times = {name: more.pop(name) for name in ("since", "until", "as_of") if name in more}
    policy = {"policy": "p", "buckets": ["b"], "rules": {kind: rule}, **more}
    judged = rules.judge(lines.read([("o", b"\n".join(content))]), [policy], **times)
    name = f"p/{kind}/{rule['id']}" if "id" in rule else f"p/{kind}"
    result: dict[str, Any] = judged["results"][name, "b"]
    return result


def counts(result: dict[str, Any]) -> tuple[int, int, int, str]:
    """Records, violations, unjudged, status."""
    return result["records"], result["violations"], result["unjudged"], result["status"]


def subjects(result: dict[str, Any]) -> dict[tuple[Any, ...], int]:
    """How many records each finding has, by the values of its subject and its outcome."""
    return {(*(value for _, value in subject), outcome): each["records"] for (subject, outcome), each in result["findings"].items()}
