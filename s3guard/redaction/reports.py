"""A report redacted: subjects and tables by what their columns are, every other text by its look, fingerprints by the key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from s3guard.model import ControlStatus, Finding, Redacted, Report, Result
from s3guard.records import COLUMNS, OUTCOMES
from s3guard.redaction import Redaction
from s3guard.redaction.columns import CLIENT, DOMAINS, KINDS
from s3guard.subjects import subject_text
from s3guard.traffic import Entry, Top

KEPT: Final = frozenset(
    {
        "bucket",
        "buckets",
        "channel",
        "column",
        "control",
        "controls",
        "engine",
        "file",
        "fingerprint",
        "framework",
        "id",
        "kind",
        "object",
        "policies",
        "request_id",
        "run",
        "sha256",
        "skipped",
        "source",
        "version",
    }
)
"""Fields of the model that stay as they are: names of buckets, policies' files and log objects, controls (``10.2.1.5`` is no address), ids
that S3 and s3guard give."""
NAMES: Final = frozenset({"policy", "results", "rule"})
"""Fields that hold names of rules, in which nobody is named but an account: ``account:111122223333/logging/SAL-010``."""
WORDS: Final = frozenset({"help", "title"})
"""Fields that hold what policies and s3guard say, never a log: in them ``10.2.1.5`` is a control, not an address."""
_REST: Final = "what it did is redacted with its subject"
"""Stands for a sentence in which the subject was not found."""
_SHORTEST: Final = 3
"""Characters of a subject's value that is looked for in the rest of a sentence."""


def redacted(report: Report, redaction: Redaction) -> Report:
    """See `Redaction.report`."""
    if redaction.masks.names:
        report = _Walk(replace(redaction, kinds=frozenset())).of(report)
    before = report.redacted
    if not redaction.kinds or redaction.key is None:
        return report
    done = frozenset[str]()
    if before is not None:
        redaction.same_key(before, "the report")
        done = frozenset(before.kinds)
    if redaction.kinds <= done:
        return report
    walked: Report = _Walk(replace(redaction, kinds=redaction.kinds - done, settled=done)).of(report)
    now = Redacted(tuple(kind for kind in KINDS if kind in redaction.kinds | done), redaction.key.id)
    notes = tuple(note for note in walked.notes if before is None or note != told(before))
    return replace(walked, notes=(*notes, told(now)), redacted=now)


def part(value: Any, redaction: Redaction) -> Any:  # noqa: ANN401 - whatever the model holds
    """A part of a report by itself, such as a result, redacted as it would be in one."""
    return _Walk(redaction).of(value)


def told(redacted_: Redacted) -> str:
    """What every output of a redacted report says of it."""
    return (
        f"Redacted: {', '.join(redacted_.kinds)}. Pseudonyms stand for them, the same ones in every report under the key {redacted_.key}; "
        "fingerprints are keyed, too. They are not anonymous: whoever has the key can tell who a value that he knows is."
    )


class _Walk:
    """Goes through a report, text by text."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def of(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - whatever the model holds
        """A part of the report, the field `name` of another one, with its texts replaced."""
        redaction = self._redaction
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, Finding) and redaction.kinds:
            return self._finding(value)
        if isinstance(value, Top) and redaction.kinds:
            return self._top(value)
        if isinstance(value, Result):
            return self._result(value)
        if isinstance(value, ControlStatus):
            return replace(self._fields(value), reason=self._text(value.reason, "title"))
        if isinstance(value, dict):
            return {key: self._matched(item) if key == "match" else self.of(item, str(key)) for key, item in value.items()}
        if isinstance(value, (tuple, list)):
            # NOTE: counts by the hour may be millions.
            return value if all(type(item) is int for item in value) else type(value)(self.of(item, name) for item in value)
        return self._fields(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value

    def _text(self, text: str, name: str) -> str:
        """A text by the field that it is in."""
        redaction = self._redaction
        if redaction.kinds and (name in KEPT or (name in NAMES and not text.startswith("account:"))):
            return redaction.masks.apply(text)
        return replace(redaction, kinds=redaction.kinds - {"ip"}).text(text) if name in WORDS else redaction.text(text)

    def _fields(self, value: Any) -> Any:  # noqa: ANN401 - see above
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return replace(value, **{name: self.of(item, name) for name, item in fields.items()})

    def _result(self, result: Result) -> Result:
        """Its findings in the order of the contract, which is by fingerprint where all else is equal."""
        walked: Result = self._fields(result)
        return replace(walked, findings=tuple(sorted(walked.findings, key=_place))) if self._redaction.kinds else walked

    def _finding(self, finding: Finding) -> Finding:
        redaction = self._redaction
        subject = {name: redaction.value(name, value) if isinstance(value, str) else value for name, value in finding.subject.items()}
        mark = finding.fingerprint if redaction.settled else redaction.fingerprint(finding.fingerprint)
        plain: Finding = self._fields(replace(finding, message="", subject={}))
        return replace(plain, message=self._message(finding, subject), subject=subject, fingerprint=mark)

    def _message(self, finding: Finding, subject: Mapping[str, str | int | None]) -> str:
        """The sentence about the subject as it is shown: it begins with the subject, or nothing of it is kept."""
        redaction = self._redaction
        if not any(name in DOMAINS or name in CLIENT for name in subject):
            return redaction.text(finding.message)
        # NOTE: rules that compare with the past say what they compared behind whom it is about.
        for names in (subject, [name for name in subject if name in COLUMNS]):
            before, now = (subject_text({name: told[name] for name in names}) for told in (finding.subject, subject))
            if finding.message.startswith(before):
                break
        else:
            return f"{subject_text(subject)}: {_REST}"
        rest = finding.message[len(before) :]
        changed = {old: new for name, old in finding.subject.items() if isinstance(old, str) and old != (new := subject[name])}
        for old in sorted(changed, key=len, reverse=True):
            rest = rest.replace(old, str(changed[old])) if len(old) >= _SHORTEST else rest
        return now + redaction.text(rest)

    def _matched(self, match: Any) -> Any:  # noqa: ANN401 - as a policy writes it
        """What a waiver says of subjects: values and patterns by field."""
        if not isinstance(match, Mapping) or not self._redaction.kinds:
            return self.of(match)
        many = {name: [values] if isinstance(values, str) else values for name, values in match.items()}
        redaction = self._redaction
        return {name: [one if one == "-" else redaction.value(name, str(one)) for one in values] for name, values in many.items()}

    def _top(self, top: Top) -> Top:
        """NOTE: in the order of the pseudonyms, for the order of the values would tell something of them."""
        entries = [replace(one, value=None if one.value is None else self._redaction.value(top.column, one.value)) for one in top.entries]
        return replace(top, entries=tuple(sorted(entries, key=_rank)))


def _rank(entry: Entry) -> tuple[int, bool, str]:
    return -entry.requests, entry.value is not None, entry.value or ""


def _place(finding: Finding) -> tuple[int, int, int, str]:
    outcome = OUTCOMES.index(finding.outcome) if finding.outcome in OUTCOMES else 0
    return -finding.severity.rank, outcome, -finding.records, finding.fingerprint
