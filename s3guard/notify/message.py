"""One message: its subject, which holds no text of a log, and its body, in which keys and user agents are left out unless asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from s3guard.model import Report, Severity
from s3guard.notify.model import Blind, Item, News, What
from s3guard.outputs import plural
from s3guard.text import ci_safe, shorten, shown
from s3guard.verdict import WORDS, because, period

ITEMS: Final = 20
"""Findings that a text tells of; the rest is counted."""
VALUE: Final = 200
"""Characters of one value, such as a requester."""
SENTENCE: Final = 400
"""Characters of a sentence that holds values."""
SUBJECT: Final = 99
"""Characters of a subject. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, less than 100, no line breaks."""

OPEN: Final = frozenset(
    (
        *("bucket", "principal", "principal_type", "requester", "account", "remote_ip", "network", "operation", "operation_class"),
        *("outcome", "http_status", "error_code", "signature_version", "cipher_suite", "authentication_type", "tls_version"),
        *("access_point_arn", "acl_required", "source_region", "bucket_owner", "measure"),
    )
)
"""What of a subject is told without being asked for: who, from where, which operation. All else, keys and user agents among it, is not."""

Clean = Callable[[str], str]
"""Makes text of strangers safe for whoever shows it."""


def plain(text: str) -> str:
    """Text of strangers for a plain text: visible, without credentials, without an address that a reader's program would make a link."""
    return ci_safe(shown(text)).replace("://", ":\\u{2f}/")


_MARKUP: Final = re.compile(r"[<>&@\[\]|*~`#]")


def chat(text: str) -> str:
    r"""The same for chats, whatever their markup: what makes a mention, a link or a style is spelled ``\u{hex}``."""
    return _MARKUP.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", plain(text))


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is told at a time."""

    id: str
    """The same where the same is told twice, after a kill or a failure."""
    news: News
    report: Report | None
    """None: there is none, since the run ended early, or since nothing but a trial was asked for."""
    details: bool = False
    """Whether keys, user agents and the like are told."""
    remembers: bool = True
    """Whether it is known what was told before."""
    trial: bool = False
    """Whether it is sent to try the channel."""

    @property
    def severity(self) -> Severity | None:
        """The highest that is new or worse; None where nothing is."""
        standing = [item.severity for item in self.news.items if item.what is not What.RESOLVED]
        return max(standing, key=lambda one: one.rank, default=None)

    @property
    def subject(self) -> str:
        """One line: counts, and names that policies give themselves; ASCII, less than 100 characters."""
        if self.trial:
            return "s3guard: a test, nothing was found"
        told = [self._counts] if self.news.items else []
        told += ["could not judge everything"] if self.news.began else ["can judge again"] if self.news.ended else []
        worst = f" ({self.severity.value})" if self.severity else ""
        policies = sorted({item.result.policy for item in self.news.items})
        line = f"s3guard: {', '.join(told)}{worst}{' in ' if policies else ''}{', '.join(policies)}"
        line = re.sub(r"[^ -~]", "?", line)
        return line if len(line) <= SUBJECT else f"{line[: SUBJECT - 3]}..."

    @property
    def _counts(self) -> str:
        counts = {what: self.news.count(what) for what in What}
        return ", ".join(f"{count:,} {what.value}" for what, count in counts.items() if count)

    def text(self, clean: Clean = plain) -> str:
        """The body, lines of text."""
        return "\n".join(self._lines(clean)) + "\n"

    def told(self, subject: Mapping[str, str | int | None]) -> dict[str, str | int | None]:
        """What of a subject may be told."""
        return {name: value for name, value in subject.items() if self.details or name in OPEN}

    def sentence(self, item: Item) -> str | None:
        """The finding's own sentence, raw; None where it holds what is not told, or there is none."""
        is_open = self.details or not item.result.is_of_records or (item.subject or {}).keys() <= OPEN
        return item.message if is_open else None

    def _lines(self, clean: Clean) -> Iterator[str]:
        if self.trial:
            yield "This is a test of s3guard: the channel works. Nothing was judged, and nothing was found."
            return
        if self.report is not None:
            yield f"{WORDS[self.report.status]}: {because(self.report)}."
        if not self.remembers:
            yield "There is no memory of what was told before (--state), so all that was found now is told as new."
        told = set(islice(in_turn(self.news.items), ITEMS))
        for item, head in _headed(tuple(item for place, item in enumerate(self.news.items) if place in told), clean):
            yield from head
            yield from self._item(item, clean)
        if left := [item for place, item in enumerate(self.news.items) if place not in told]:
            yield ""
            yield f"And {plural(len(left), 'more finding')} of {plural(len(set(map(_check, left))), 'check')}; the report has them."
        for title, blind in (("COULD NOT BE JUDGED", self.news.began), ("CAN BE JUDGED AGAIN", self.news.ended)):
            yield from _blind(title, blind, clean, reasons=title.startswith("COULD"))
        yield ""
        if self.report is not None:
            yield f"Run {clean(self.report.run.id)}, s3guard {clean(self.report.version)}."
        if not self.details and any((item.subject or {}).keys() - OPEN for item in self.news.items):
            yield "Object keys, user agents and the like are left out here, and stand in the report."

    def _item(self, item: Item, clean: Clean) -> Iterator[str]:
        worse = f" ({item.why})" if item.why else ""
        counted = f", {plural(item.records, 'record')}" if item.records else ""
        outcome = f" {clean(item.outcome)}" if item.outcome else ""
        yield f"  {item.what.value.upper()}{worse}: {item.severity.value}{counted}{outcome}"
        sentence = self.sentence(item)
        if sentence is not None:
            yield f"    {shorten(clean(sentence), SENTENCE)}"
        elif item.subject is not None:
            yield f"    {self._subject(item.subject, clean)}"
        if seen := period(item.first, item.last):
            yield f"    {seen} UTC"
        yield f"    finding {item.fingerprint[:16]}"

    def _subject(self, subject: Mapping[str, str | int | None], clean: Clean) -> str:
        told = self.told(subject)
        fields = [
            f"{name.replace('_', ' ')} {_value(name, told[name], clean) if name in told else '(left out)'}" for name in map(shown, subject)
        ]
        return ", ".join(fields) or "more findings than a report shows"


def _value(name: str, value: str | int | None, clean: Clean) -> str:
    if value is None:
        return "anonymous" if name in ("principal", "requester") else "none"
    return shorten(clean(str(value)), VALUE)


def in_turn(items: Sequence[Item]) -> Iterator[int]:
    """The places of items in the order in which they are to find room: the first of each check, then the most severe of each in turn.

    NOTE: who floods one check would else leave no room for any other.
    """
    turns: dict[tuple[str, str | None], int] = {}
    ranked = []
    for place, item in enumerate(items):
        turn = turns[_check(item)] = turns.get(_check(item), -1) + 1
        ranked.append((-item.severity.rank if turn else -math.inf, turn, place))
    return (place for *_, place in sorted(ranked))


def _check(item: Item) -> tuple[str, str | None]:
    return item.result.rule, item.result.bucket


def _headed(items: tuple[Item, ...], clean: Clean) -> Iterator[tuple[Item, list[str]]]:
    """Items, each with the lines that stand above it where another check begins."""
    before = None
    for item in items:
        result = item.result
        check = _check(item)
        bucket = "no bucket" if result.bucket is None else shorten(clean(result.bucket), VALUE)
        head = ["", f"{bucket}: {clean(result.rule)}", f"  {shorten(clean(result.title), SENTENCE)}"]
        yield item, [] if check == before else head
        before = check


def _blind(title: str, blind: tuple[Blind, ...], clean: Clean, *, reasons: bool) -> Iterator[str]:
    """What cannot be judged, or can again, by bucket and reason."""

    def about(one: Blind) -> tuple[bool, str, str]:
        return one.rule is not None, one.bucket or "", one.reason if reasons else ""

    if not blind:
        return
    yield ""
    yield title
    groups = [list(some) for _, some in groupby(sorted(blind, key=about), about)]
    for some in groups[:ITEMS]:
        one = some[0]
        if one.rule is None:
            yield f"  {shorten(clean(one.reason), SENTENCE)}"
            continue
        checks = clean(one.rule) if len(some) == 1 else plural(len(some), "check")
        bucket = "no bucket" if one.bucket is None else shorten(clean(one.bucket), VALUE)
        yield f"  {bucket}: {checks}" + (f": {shorten(clean(one.reason), SENTENCE)}" if reasons else "")
    if len(groups) > ITEMS:
        yield f"  And {len(groups) - ITEMS:,} more."
