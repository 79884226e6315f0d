"""What a run keeps out of its outputs: credentials, always, and where it is asked for persons, for whom keyed pseudonyms stand.

Redaction is done in one place, between what was found and the outputs: a `Report` becomes a `Report`, a column of records a column. No
output knows of it, so none can forget it. A pseudonym is the kind of what it stands for and 80 bits of HMAC-SHA256 in hex, ``ip:7f3a…``:
the same value is the same pseudonym under one key, and under another key another.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from s3guard.masks import MASKS, Masks
from s3guard.model import Redacted, UsageError
from s3guard.problems import did_you_mean, one_of, quoted
from s3guard.redaction.columns import HARMLESS, KINDS, LINE, SCRUBBED, domain_of
from s3guard.redaction.key import HOW, Key
from s3guard.redaction.sentences import scrubbed

if TYPE_CHECKING:
    from s3guard.model import Report

__all__ = ["KINDS", "NOTHING", "Key", "Redaction", "kinds_of"]

ALL: Final = "all"
NONE: Final = "none"
"""What may be written for every kind, and for none whatever the settings say."""
_DIGITS: Final = 20
"""Hex digits of a pseudonym: among a hundred million values two share one with a probability of under 1 in 100 million."""


def kinds_of(written: Iterable[str]) -> frozenset[str]:
    """The kinds that lists of names ask for, ``ip,requester`` or ``all``; UsageError for an unknown one, and where nothing is named."""
    names = [name.strip() for names in written for name in names.split(",")]
    for name in names:
        if name not in (*KINDS, ALL, NONE):
            raise UsageError(f"--redact {quoted(name)}: this is not {one_of((*KINDS, ALL))}{did_you_mean(name, (*KINDS, ALL, NONE))}")
    if NONE in names and len(set(names)) > 1:
        raise UsageError("--redact: none stands alone")
    return frozenset(KINDS if ALL in names else (name for name in names if name != NONE))


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is kept out of the outputs of a run, and by what it is replaced."""

    masks: Masks = MASKS
    """Of credentials."""
    kinds: frozenset[str] = frozenset()
    """Of `KINDS`; none: nobody is redacted."""
    key: Key | None = None
    """What pseudonyms are made with; there is one wherever there are kinds."""
    settled: frozenset[str] = frozenset()
    """Kinds for which pseudonyms stand already, in a saved report: they are not replaced again."""

    def __post_init__(self) -> None:
        """UsageError for kinds without a key."""
        if self.kinds and self.key is None:
            raise UsageError(f"--redact needs a key, in a file (--redact-key-file FILE) or in S3GUARD_REDACT_KEY; {HOW}")

    @property
    def redacts(self) -> bool:
        """Whether pseudonyms stand for anything."""
        return bool(self.kinds)

    def masking(self, names: Iterable[str]) -> Redaction:
        """The same that masks the values of these parameters as well."""
        return replace(self, masks=self.masks.joined(names))

    def pseudonym(self, domain: str, value: str) -> str:
        """What stands for a value: its `domain` and hex digits. The same value in two domains has two pseudonyms that nothing links."""
        assert self.key is not None  # noqa: S101 - for the type checker
        return f"{domain}:{self.key.digest(domain, self.masks.apply(value)).hex()[:_DIGITS]}"

    def value(self, column: str, value: str) -> str:
        """A value of a column of records as outputs may show it; of anything else too, as `text` would."""
        if not self.kinds:
            return self.masks.apply(value)
        domain = domain_of(column, self.kinds, self.settled)
        if domain is not None:
            return self.pseudonym(domain, value)
        if column in HARMLESS:
            return self.masks.apply(value)
        shown = self.text(value, is_agent=column == "user_agent")
        if column in SCRUBBED and self.text(plain := _decoded(shown)) != self.masks.apply(plain):
            return self.pseudonym(column, value)  # NOTE: an address that is written in percent cannot be replaced by itself.
        return shown

    def text(self, text: str, *, is_agent: bool = False) -> str:
        """A sentence, with what in it looks like an address or names a requester replaced; other names are not known by their look.

        `is_agent`: it is a user agent, in which a product's version may look like an address.
        """
        masked = self.masks.apply(text)
        return scrubbed(masked, self.kinds, self.pseudonym, is_agent=is_agent) if self.kinds else masked

    def line(self, text: str) -> dict[str, str]:
        """What a file of lines that are no record says of one: its text, or where anybody is redacted the digest of it under the key."""
        if self.key is None or not self.kinds:
            return {"text": self.masks.apply_torn(text)}
        return {"hmac_sha256": self.key.digest(LINE, text).hex()}

    def fingerprint(self, fingerprint: str) -> str:
        """A finding's fingerprint as outputs show it: where anybody is redacted an HMAC-SHA256 of it, 64 hex as well."""
        if self.key is None or not self.kinds:
            return fingerprint
        return self.key.fingerprint(fingerprint)

    def fingerprints(self, fingerprints: Collection[str]) -> frozenset[str]:
        """Several of them."""
        return frozenset(map(self.fingerprint, fingerprints))

    def report(self, report: Report) -> Report:
        """The report as outputs may show it; one that was redacted with the same key stays as it is, as far as it was.

        UsageError for one that was redacted with another key.
        """
        from s3guard.redaction.reports import redacted

        return redacted(report, self)

    def known(self, fingerprints: frozenset[str], redacted: Redacted | None, where: str) -> Container[str]:
        """Which fingerprints a saved report knows, asked for as they are before they are redacted.

        UsageError, naming the report by `where`, for one that was redacted with a key that this run does not have.
        """
        if redacted is None:
            return fingerprints
        if self.key is None:
            raise UsageError(
                f"{where} is redacted, and its findings can be told again only with its key, {redacted.key}: give it with "
                "--redact-key-file or in S3GUARD_REDACT_KEY, or take a report that is not redacted"
            )
        self.same_key(redacted, where)
        return _Keyed(self.key, fingerprints)

    def same_key(self, redacted: Redacted, where: str) -> None:
        """UsageError where a report was redacted with another key."""
        if self.key is not None and self.key.id != redacted.key:
            raise UsageError(
                f"{where} is redacted with the key {redacted.key}, and the key that was given is {self.key.id}: under another key the same "
                "person is somebody else; give the key of then, or a report that is not redacted"
            )


NOTHING: Final = Redaction()
"""Of a run that redacts nobody, and masks what every run masks."""


@dataclass(frozen=True, slots=True)
class _Keyed:
    """Fingerprints of a redacted report."""

    key: Key
    fingerprints: frozenset[str]

    def __contains__(self, fingerprint: object) -> bool:
        return isinstance(fingerprint, str) and self.key.fingerprint(fingerprint) in self.fingerprints


def _decoded(text: str) -> str:
    """The text with what is in percent as it is, to the depth to which keys are logged."""
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote(text, errors="surrogateescape")
    return text
