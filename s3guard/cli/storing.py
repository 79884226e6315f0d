"""Where packs are kept, as flags say it: a bucket with Object Lock, for how long, and how strictly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import choices, options, terminal
from s3guard.model import UsageError
from s3guard.text import ci_safe, shown

if TYPE_CHECKING:
    from s3guard.evidence.worm import Lock

MODES = ("compliance", "governance")
Store = Annotated[
    str | None,
    options.flag(
        "--store",
        takes="URI",
        panel=options.WRITTEN,
        says="Keep it under s3://bucket/prefix as well, written once, with Object Lock.",
    ),
]
Retain = Annotated[
    str | None,
    options.flag(
        "--retain",
        takes="TIME",
        panel=options.WRITTEN,
        says="For how long it is locked, such as 2190d. [default: the longest that the frameworks of the policies ask for]",
    ),
]
LockMode = Annotated[
    str,
    options.flag(
        "--lock-mode",
        takes="MODE",
        panel=options.WRITTEN,
        says="compliance: nobody can delete it earlier, not even root; governance: with a permission. [default: compliance]",
        values=MODES,
    ),
]
AllowUnlocked = Annotated[bool, options.switch("allow-unlocked", options.WRITTEN, "Keep it even where the bucket has no Object Lock.")]


def lock(context: typer.Context, retain: str | None, lock_mode: str, frameworks: Iterable[str], *, allow_unlocked: bool) -> Lock:
    """What is asked of the bucket, counted from now; UsageError for a time or a mode that is none, or where nobody says for how long."""
    from s3guard.evidence.worm import Lock, Mode, retention

    if lock_mode not in MODES:
        raise UsageError("--lock-mode: say compliance or governance")
    if retain is None:
        kept = retention(frameworks)
        if kept is None:
            raise UsageError("--store: for how long? Say --retain 365d; no framework of these policies names a time")
    else:
        kept = _time(context, retain)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        return Lock(now + kept, Mode(lock_mode.upper()), allow_unlocked)
    except OverflowError as error:
        raise UsageError("--retain: this is longer than the calendar goes") from error


def look(context: typer.Context, uri: str, retain: str | None, lock_mode: str, name: str) -> None:
    """UsageError for an address, a time or a mode that is none: told before hours of logs are judged, and not after."""
    from s3guard.evidence import worm

    worm.place(uri, name)
    lock(context, retain or "1d", lock_mode, (), allow_unlocked=False)


def _time(context: typer.Context, retain: str) -> timedelta:
    from s3guard.quantities import duration

    with choices.about(context, "retain"):
        return timedelta(milliseconds=duration(retain))


def stored(path: Path, uri: str, asked: Lock, access: Access, name: str | None = None) -> str:
    """Keep a pack, and tell what S3 says of it; a warning where it is not locked."""
    from s3guard.evidence import worm

    kept = worm.keep(path, uri, asked, access, name)
    said = ci_safe(shown(str(kept)))
    if kept.mode is None:
        terminal.warn(f"{kept.uri}: this bucket has no Object Lock: nothing keeps the pack from being deleted")
    return said
