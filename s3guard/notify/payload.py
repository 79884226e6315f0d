"""A message for machines: one JSON object, the same for every channel that takes one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from s3guard import __version__
from s3guard.notify.message import SENTENCE, VALUE, Message, in_turn
from s3guard.notify.model import Blind, Item, What
from s3guard.outputs import instant
from s3guard.text import CI_COMMAND, shorten, shown

SCHEMA: Final = "s3guard/notification/1"
"""Name and version of the shape."""
ROOM: Final = 96 << 10
"""Bytes that the findings of a message take at most, and as many what could not be judged; what does not fit is counted."""


def payload(message: Message, room: int = ROOM) -> bytes:
    """The message as JSON, ASCII, little more than twice `room`."""
    text = json.dumps(document(message, room), allow_nan=False, separators=(",", ":"))
    # NOTE: whoever prints what he was sent may do so where a CI system reads; spelled by JSON's own escapes nothing is lost.
    return CI_COMMAND.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def document(message: Message, room: int = ROOM) -> dict[str, Any]:
    """The message as plain values, every string visible and without credentials."""
    news, report = message.news, message.report
    findings = _fitting((news.items[place] for place in in_turn(news.items)), lambda item: _finding(message, item), room)
    blind = [(one, "began") for one in news.began] + [(one, "ended") for one in news.ended]
    unjudged = _fitting(blind, lambda one: _blind(*one), room)
    return {
        "schema": SCHEMA,
        "id": message.id,
        "time": instant(datetime.now(UTC) if report is None else report.run.finished),
        "tool": {"name": "s3guard", "version": __version__},
        "subject": message.subject,
        "trial": message.trial,
        "run": None if report is None else shown(report.run.id),
        "status": None if report is None else report.status.value,
        "exit_code": None if report is None else report.exit_code,
        "severity": None if message.severity is None else message.severity.value,
        "remembers": message.remembers,
        "summary": {
            **{what.value: news.count(what) for what in What},
            "could_not_judge": len(news.began),
            "can_judge_again": len(news.ended),
        },
        "findings": findings,
        "unjudged": unjudged,
        "omitted": {"findings": len(news.items) - len(findings), "unjudged": len(blind) - len(unjudged)},
    }


def _fitting(entries: Iterable[Any], plain: Callable[[Any], dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """As many entries as there is room for, the first ones."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        one = plain(entry)
        room -= len(json.dumps(one)) + 1
        if room < 0:
            break
        found.append(one)
    return found


def _finding(message: Message, item: Item) -> dict[str, Any]:
    result, subject = item.result, item.subject or {}
    sentence = message.sentence(item)
    told = {shown(name): _value(value) for name, value in message.told(subject).items()}
    return {
        "what": item.what.value,
        "why": item.why,
        "fingerprint": item.fingerprint,
        "severity": item.severity.value,
        "outcome": item.outcome,
        "records": item.records,
        "first_seen": None if item.first is None else instant(item.first),
        "last_seen": None if item.last is None else instant(item.last),
        "subject": None if item.subject is None else told,
        "left_out": sorted(map(shown, subject.keys() - message.told(subject).keys())),
        "message": None if sentence is None else shorten(shown(sentence), SENTENCE),
        "rule": shown(result.rule),
        "kind": result.kind,
        "policy": shown(result.policy),
        "bucket": _value(result.bucket),
        "title": shorten(shown(result.title), SENTENCE),
        "controls": [{"framework": shown(one.framework), "control": shown(one.control)} for one in result.controls[:20]],
    }


def _blind(one: Blind, what: str) -> dict[str, Any]:
    rule = None if one.rule is None else shown(one.rule)
    return {"what": what, "rule": rule, "bucket": _value(one.bucket), "reason": shorten(shown(one.reason), SENTENCE)}


def _value(value: str | int | None) -> str | int | None:
    return shorten(shown(value), VALUE) if isinstance(value, str) else value
