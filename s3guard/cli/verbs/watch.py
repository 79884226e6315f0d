"""``s3guard watch``: a check that goes on, told of new log objects by a queue or by looking."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from s3guard.aws import Access
from s3guard.cli import choices, delivery, ending, options, redacting, telling, terminal
from s3guard.cli.delivery import Target
from s3guard.cli.options import AWS, JUDGED, RUN, TOLD, WRITTEN
from s3guard.cli.telling import Teller
from s3guard.model import Severity, UsageError
from s3guard.outputs import Options, plural
from s3guard.stopping import Stop

if TYPE_CHECKING:
    from s3guard.check import Judged
    from s3guard.watching.asked import Asked, Counts
    from s3guard.watching.news import News

ORDER = 9
EXAMPLES = """
s3guard watch s3://org-logs/ --queue URL --state s3://org-audit/state
s3guard watch s3://org-access-logs/phi/ --state .s3guard/state --every 5m
s3guard watch logs/ --state .s3guard/state -o json | jq .rule
s3guard watch s3://org-logs/ --queue URL --state .s3guard/state --once
"""
EVERY: Final = "1m"
RELIST: Final = "6h"
AGAIN: Final = "1h"
SOON: Final = "10m"
_TIMES: Final = {"every": EVERY, "relist": RELIST, "again": AGAIN, "notify-every": SOON}
BEAT: Final = 60
"""Seconds between two lines that say that it goes on."""


def watch(
    context: typer.Context,
    logs: Annotated[
        list[str] | None, options.texts("LOGS", "Where log objects arrive: s3://bucket/prefix, folders, files or globs.")
    ] = None,
    *,
    policy: options.Policies = None,
    state: options.State = None,
    since: Annotated[
        str | None,
        options.flag("--since", takes="WHEN", panel=JUDGED, says="Records from then on are reported; an age moves along. [default: 30d]"),
    ] = None,
    queue: Annotated[
        str | None,
        options.flag(
            "--queue", takes="URL", panel=AWS, says="A queue of SQS that S3 tells of new objects. [default: LOGS are listed again]"
        ),
    ] = None,
    every: Annotated[
        str | None,
        options.flag(
            "--every",
            takes="TIME",
            panel=RUN,
            says=f"How long notifications are gathered; without a queue, the pause between listings. [default: {EVERY}]",
        ),
    ] = None,
    relist: Annotated[
        str | None,
        options.flag("--relist", takes="TIME", panel=AWS, says=f"With a queue, how often to list LOGS as well. [default: {RELIST}]"),
    ] = None,
    again: Annotated[
        str | None,
        options.flag(
            "--again", takes="TIME", panel=WRITTEN, says=f"What was told and goes on is told again after this. [default: {AGAIN}]"
        ),
    ] = None,
    once: Annotated[bool, options.switch("once", RUN, "End when nothing is left to judge, with the exit code of a check.")] = False,
    fail_on: options.FailOn = None,
    max_unparsed: options.MaxUnparsed = None,
    require_policy: options.RequirePolicy = False,
    output: options.Outputs = None,
    account: options.Account = None,
    redact: options.Redact = None,
    redact_key_file: options.RedactKeyFile = None,
    mask: options.Mask = None,
    notify: options.Notify = None,
    notify_on: options.NotifyOn = None,
    notify_details: options.NotifyDetails = False,
    notify_every: Annotated[
        str | None,
        options.flag(
            "--notify-every",
            takes="TIME",
            panel=TOLD,
            says=f"One message to each URL in that time, with what was gathered. [default: {SOON}]",
        ),
    ] = None,
    jobs: options.Jobs = None,
    late: options.Late = None,
    profile: options.Profile = None,
    region: options.Region = None,
    role_arn: options.RoleArn = None,
    endpoint_url: options.EndpointUrl = None,
    request_payer: options.RequestPayer = False,
    color: options.Color = None,
    quiet: options.Quiet = False,
    verbose: Annotated[
        bool, options.switch("verbose", RUN, "Say each minute what was done, also where no terminal is; where s3guard itself failed.", "-v")
    ] = False,
) -> int:
    """Judge log objects as they arrive, and tell what is new.

    Runs until SIGTERM or Ctrl-C, which end it with 0 once the batch in hand is judged; a second one ends it at once. New findings at
    or above --fail-on go to standard output, as text or with -o json a line of JSON each; a FORMAT:PATH is the whole report, written
    anew each time. What was judged is written to the state first, so whatever ends the process, nothing is lost or counted twice.

    A message is deleted when the state holds the objects that it tells of. What is malformed, or about objects that are not under
    LOGS, stays in the queue: give the queue a redrive policy and look into its dead-letter queue. A message about an object that
    cannot be read comes back later, each time after twice as long.
    """
    if state is None:
        raise UsageError(
            f"{choices.place(context, 'state')}: which state? As in: s3guard watch s3://org-access-logs/ --state .s3guard/state"
        )
    named = options.some(logs, "s3guard watch s3://org-access-logs/ --state .s3guard/state")
    printed, files = _targets(output or ["text"])
    _watchable(named, queue)
    chosen = choices.of(context)
    threshold = choices.one_of(context, "fail-on", fail_on or Severity.MEDIUM.value)
    look = terminal.options(choices.one_of(context, "color", color or "auto"), chosen.environ, verbose=verbose)
    look = delivery.at_home(look, files, account, region, chosen.environ)
    start = _since(context, since)
    times = {name: _time(context, name, text) for name, text in (("every", every), ("relist", relist), ("again", again))}
    hidden = redacting.redaction(context, redact, redact_key_file, mask)
    access = Access(profile, region, options.one_role(role_arn), endpoint_url, request_payer)
    wish = telling.Wish(notify, notify_on, notify_details, threshold, state, access, not quiet, redaction=hidden)
    teller = telling.teller(context, replace(wish, every=_time(context, "notify-every", notify_every)))
    for note in () if quiet else chosen.settings.notes:
        terminal.warn(note)
    from s3guard.check import Request
    from s3guard.watching.asked import Asked
    from s3guard.watching.sitting import now

    request = Request(
        logs=named,
        policies=options.policies(policy),
        as_of=now(),
        fail_on=None if threshold == "none" else Severity(threshold),
        jobs=None if jobs is None else choices.positive(context, "jobs", jobs),
        max_unparsed=choices.share(context, "max-unparsed", max_unparsed or options.UNPARSED),
        state=state,
        require_policy=require_policy,
        exempt=[one.bucket for one in chosen.settings.exclusions if one.holds(now().date())],
        late=choices.late(context, late),
        access=access,
        traffic=any(target.output.draws for target in files),
        redaction=hidden,
    )
    beats = verbose or terminal.is_terminal(sys.stderr)
    desk = _Desk(printed, files, look, chosen.environ, teller, loud=not quiet, beats=beats, hide=hidden.text)
    with teller.crash(request.as_of):
        return _watched(Asked(request, start, queue, once=once, **times), desk)


@dataclass(slots=True)
class _Desk:
    """Tells on standard output and standard error, and writes whole reports."""

    printed: Target | None
    """The stream on standard output."""
    files: Sequence[Target]
    look: Options
    environ: Mapping[str, str]
    teller: Teller
    loud: bool
    beats: bool
    hide: Callable[[str], str]
    """Takes out of a text what is redacted."""
    _beaten: float = field(default_factory=time.monotonic)
    _last: Judged | None = None
    """What was judged last."""

    def tell(self, done: Judged) -> Judged:
        """See `s3guard.watching.asked.Desk`."""
        self._last = done
        return self.teller.told(done)

    def publish(self, news: News, finish: Callable[[], None]) -> bool:
        """See `s3guard.watching.asked.Desk`; BrokenPipeError where nobody reads standard output any more."""
        from s3guard.cli import stream

        # NOTE: what was printed twice, after a kill between these lines, is better than what nobody was told.
        if self.printed is not None:
            terminal.put(stream.lines(news, self.printed.output.name, self.look))
        return delivery.deliver(news.report, self.files, self.look, self.environ, judged=True, then=finish).whole

    def warn(self, text: str) -> None:
        """Trouble is told on standard error, always."""
        terminal.warn(self.hide(text))

    def beat(self, counts: Counts) -> None:
        """Tell channels that were left for later; a line a minute at most, where somebody looks."""
        if self._last is not None and self.teller.is_due:
            self.teller.told(self._last)
        if self.loud and self.beats and time.monotonic() - self._beaten >= BEAT:
            self._beaten = time.monotonic()
            ending.tell(_summary("watching", counts))

    def end(self, counts: Counts, *, asked: bool) -> None:
        """Tell channels what was gathered for them, and say what was done in all."""
        if self._last is not None:
            self.teller.told(self._last, at_once=True)
        if self.loud:
            ending.tell(_summary("stopped, as asked" if asked else "nothing is left", counts))


def _watched(asked: Asked, desk: _Desk) -> int:
    """Watch, until somebody asks to stop."""
    from s3guard.watching import Watch

    stop = Stop()
    with stop.on_signals():
        watching = Watch(asked, desk, stop)
        code = watching.run()
        desk.end(watching.counts, asked=stop.asked)
    return code


def _summary(what: str, counts: Counts) -> str:
    told = [plural(counts.objects, "log object"), plural(counts.batches, "batch", "batches"), plural(counts.findings, "finding") + " told"]
    if counts.messages:
        told.append(f"{plural(counts.messages, 'message')} taken and {counts.deleted:,} deleted")
    return f"{what}: {', '.join(told)}"


def _targets(written: Sequence[str]) -> tuple[Target | None, tuple[Target, ...]]:
    """The stream on standard output, and the reports in files; UsageError for a stream that no reader could take apart."""
    from s3guard.cli.stream import FORMATS

    targets = delivery.targets(written)
    printed = next((target for target in targets if target.path is None), None)
    if printed is not None and printed.output.name not in FORMATS:
        name = printed.output.name
        raise UsageError(f"--output {name}: what is told as it goes is text or json; a report needs a file, as in --output {name}:now")
    return printed, tuple(target for target in targets if target.path is not None)


def _watchable(logs: Sequence[str], queue: str | None) -> None:
    """UsageError for what nobody can look at twice, and for a queue that nothing of the logs can be told by."""
    from s3guard import sources

    kinds = {argument: sources.claiming(argument) for argument in logs}
    for argument, kind in kinds.items():
        if kind in ("stdin", "pipe"):
            raise UsageError(f"{argument}: this can be read once; watch files, folders or s3://bucket/prefix")
    if queue is not None and "s3" not in kinds.values():
        raise UsageError("--queue: a queue tells of objects in S3; say which are log objects, as in: s3guard watch s3://org-access-logs/")


def _since(context: typer.Context, since: str | None) -> Callable[[datetime], datetime | None]:
    """From when on records are reported, by the clock; UsageError for what is no instant and no age."""
    from s3guard.instants import instant
    from s3guard.watching.sitting import now

    if since is None:
        return lambda _now: None
    with choices.about(context, "since"):
        instant(since, now())
    return lambda moment: instant(since, moment)


def _time(context: typer.Context, name: str, text: str | None) -> timedelta:
    """The time that a flag names, a second or more."""
    from s3guard.quantities import duration

    with choices.about(context, name):
        milliseconds = duration(text or _TIMES[name])
        if milliseconds < 1000:
            raise ValueError("a second is the least")
    return timedelta(milliseconds=milliseconds)
