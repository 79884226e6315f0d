"""What a message tells is redacted as a report is, once it is known what is news: that is decided by what the state holds, as it is."""

from __future__ import annotations

from dataclasses import replace

from s3guard.model import Finding, Result
from s3guard.notify.model import Blind, Item, News
from s3guard.redaction import Redaction


def hidden(news: News, redaction: Redaction) -> News:
    """The news as a channel may be told."""
    if not (redaction.redacts or redaction.masks.names):
        return news
    return News(
        tuple(_item(one, redaction) for one in news.items),
        tuple(_blind(one, redaction) for one in news.began),
        tuple(_blind(one, redaction) for one in news.ended),
    )


def _item(item: Item, redaction: Redaction) -> Item:
    """An item is a finding and its result, so it is redacted as they are."""
    from s3guard.redaction.reports import part

    finding = Finding(
        item.fingerprint, item.message or "", dict(item.subject or {}), item.outcome, item.severity, item.records, item.first, item.last
    )
    result: Result = part(replace(item.result, findings=(finding,)), redaction)
    (told,) = result.findings
    return replace(
        item,
        result=replace(result, findings=()),
        fingerprint=told.fingerprint,
        subject=None if item.subject is None else told.subject,
        message=None if item.message is None else told.message,
    )


def _blind(blind: Blind, redaction: Redaction) -> Blind:
    from s3guard.redaction.reports import part

    told: Blind = part(blind, redaction)
    return told
