"""From flags to channels: who is told what a run found, and what is said on standard error of how that went."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import typer

from s3guard.aws import Access
from s3guard.cli import choices, ending, terminal
from s3guard.model import Notified, Report, Severity, UsageError

if TYPE_CHECKING:
    from s3guard.check import Judged
    from s3guard.notify import Telling
    from s3guard.notify.ledger import Shelf
    from s3guard.notify.model import Belief, Seen
    from s3guard.redaction import Redaction

_USUAL: Final = Severity.MEDIUM
"""The lowest severity that is told where no finding fails the run (``--fail-on none``)."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the channels of a run, if there are any."""

    telling: Telling | None = None
    loud: bool = True
    """Whether to say who was told."""
    remembers: bool = False
    lenient: bool = False
    """Whether what could not be judged is accepted."""
    narrowed: bool = False
    """Whether some buckets or rules alone are looked at."""
    redaction: Redaction | None = None

    def told(self, done: Judged, *, at_once: bool = False) -> Judged:
        """Tell what a check found; the same with what became of that."""
        if self.telling is None:
            return done
        from s3guard.notify.before import reported
        from s3guard.notify.model import Belief, Seen

        seen = Seen(
            done.kept,
            done.covered.get("since"),
            done.covered.get("until"),
            done.accepted,
            {**done.blind, **_nothing(done.kept)},
            narrowed=self.narrowed,
            lenient=self.lenient,
        )
        state = done.state
        notified = self._told(seen, (lambda: reported(state.viewed, seen)) if state else Belief, at_once=at_once)
        return replace(done, report=_with(done.report, notified), kept=_with(done.kept, notified))

    def audited(self, report: Report, kept: Report) -> Report:
        """Tell what an audit found, by its report as it was judged (`kept`); the one that is shown with what became of that."""
        if self.telling is None:
            return report
        from s3guard.notify.model import Belief, Seen

        # NOTE: an audit knows no findings from before but those of the baseline.
        accepted = frozenset(
            finding.fingerprint for result in kept.results for finding in result.findings if finding.baseline == "unchanged"
        )
        seen = Seen(kept, accepted=accepted, blind=_nothing(kept), of_logs=False, narrowed=self.narrowed, lenient=self.lenient)
        return _with(report, self._told(seen, Belief))

    @contextlib.contextmanager
    def crash(self, as_of: datetime) -> Iterator[None]:
        """Inside, a run that ends before there is a report is told, too: nobody looked, and that is no silence."""
        try:
            yield
        except (UsageError, BrokenPipeError, KeyboardInterrupt, ending.TerminatedError, SystemExit, GeneratorExit):
            raise
        except BaseException:  # NOTE: a panic of Polars is no Exception, and what a stranger writes may bring one about.
            if self.telling is not None:
                self._said(self.telling.tell_of_crash(int(as_of.timestamp())))
            raise

    def try_out(self) -> bool:
        """Send each channel a test; whether all took it."""
        assert self.telling is not None  # noqa: S101 - for the type checker
        notified = self.telling.try_out()
        self._said(notified)
        return all(one.status == "sent" for one in notified)

    @property
    def is_due(self) -> bool:
        """Whether a channel was left for later, and that time has come."""
        return self.telling is not None and self.telling.is_due

    def _told(self, seen: Seen, seed: Callable[[], Belief], *, at_once: bool = False) -> tuple[Notified, ...]:
        assert self.telling is not None  # noqa: S101 - for the type checker
        notified = self.telling.tell(seen, seed, at_once=at_once)
        self._said(notified)
        return notified

    def _said(self, notified: Sequence[Notified]) -> None:
        """What failed is said always; what did not, unless somebody asked for quiet."""
        for one in notified:
            reason = one.reason if one.reason is None or self.redaction is None else self.redaction.text(one.reason)
            again = "; the next run tells it" if self.remembers else ""
            if one.status == "failed":
                terminal.warn(f"not told: {one.channel}: {reason or 'nobody knows why'}{again}")
            elif reason:
                terminal.warn(f"{one.channel}: {reason}")
            if one.status == "sent" and self.loud:
                ending.tell(f"told {one.channel}: {one.counts or 'a test'}")


def _with(report: Report, notified: tuple[Notified, ...]) -> Report:
    told = replace(report, run=replace(report.run, notified=notified))
    if not told.controls:
        return told
    from s3guard.matrix import alerted

    return alerted(told)


def _nothing(report: Report) -> dict[str, str]:
    """That nothing at all was judged, where that is so."""
    from s3guard.notify.model import NOTHING
    from s3guard.verdict import because

    return {NOTHING: f"Nothing was judged ({because(report)})."} if report.exit_code == ending.IDLE else {}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a verb's flags say about telling."""

    urls: Sequence[str] | None
    lowest: str | None
    """A severity; None: as ``--fail-on`` says."""
    details: bool
    threshold: str
    """Of ``--fail-on``."""
    state: str | None
    access: Access
    loud: bool = True
    lenient: bool = False
    narrowed: bool = False
    every: timedelta = timedelta()
    redaction: Redaction | None = None


def teller(context: typer.Context, wish: Wish) -> Teller:
    """Who tells; UsageError for a URL that is no channel's."""
    if not wish.urls:
        return Teller()
    from s3guard.notify import Asked, Telling
    from s3guard.notify.channels import Means
    from s3guard.redaction import NOTHING

    chosen = wish.threshold if wish.lowest is None else choices.one_of(context, "notify-on", wish.lowest)
    asked = Asked(
        wish.urls,
        _USUAL if chosen == "none" else Severity(chosen),
        wish.details,
        wish.every.total_seconds(),
        Means(choices.of(context).environ, wish.access),
        wish.redaction or NOTHING,
    )
    telling = Telling(asked, None if wish.state is None else _shelf(wish.state, wish.access))
    return Teller(telling, wish.loud, wish.state is not None, wish.lenient, wish.narrowed, wish.redaction)


def _shelf(state: str, access: Access) -> Callable[[], Shelf]:
    """The place of a state, opened when it is asked for, once."""

    @cache
    def shelf() -> Shelf:
        from s3guard.state.store import opened

        return opened(state, access)

    return shelf
