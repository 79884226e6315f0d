"""Settings of the command line beside its flags: the environment (``S3GUARD_<FLAG>``) and ``s3guard.toml`` or ``[tool.s3guard]``.

A flag on the command line beats the environment, and the environment beats the file. The file is the nearest one at or above
the working directory and within its git repository; outside a repository only the working directory is looked at, since a
folder above it may be anybody's. Paths in the file are relative to the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from s3guard.flags import FLAGS, PREFIX, Flag, Kind, Value, spelled_out, typed
from s3guard.model import UsageError
from s3guard.problems import Place, Problems, did_you_mean, quoted
from s3guard.repository import git_root, shown_path
from s3guard.text import visible

FILE: Final = "s3guard.toml"
RESERVED: Final = frozenset(
    {
        "S3GUARD_TOOLS",
        "S3GUARD_REDACT_KEY",
        "S3GUARD_KEY_PASSPHRASE",
        "S3GUARD_NOTIFY_SECRET",
        "S3GUARD_SMTP_USERNAME",
        "S3GUARD_SMTP_PASSWORD",
    }
)
"""Variables that begin like a flag's and are none: those of the project's own checks, the key of pseudonyms, which no command line and no
settings file may hold, and what channels keep out of their URLs."""
MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was set."""

    value: Value
    source: str
    """``environment variable S3GUARD_FAIL_ON``, or ``s3guard.toml:3:1``."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Buckets of an account that may go without a policy."""

    bucket: str
    """A name or a glob."""
    reason: str
    expires: date | None
    """The last day on which it holds, UTC; None holds for ever."""
    source: str

    def holds(self, day: date) -> bool:
        """Whether it holds on that day, UTC."""
        return self.expires is None or day <= self.expires


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment and the file say, by the flag's name; the environment wins."""

    values: Mapping[str, Setting]
    exclusions: tuple[Exclusion, ...] = ()
    file: Path | None = None
    """The file that was read; None where there is none."""
    notes: tuple[str, ...] = ()
    """Sentences for standard error: variables that begin like ours and set nothing."""


def load(start: Path, environ: Mapping[str, str], flags: Iterable[Flag] = FLAGS) -> Settings:
    """The settings that hold in folder `start`.

    Raises `UsageError` with every problem, each with its place: unknown keys, wrong types, two files in one folder.
    """
    by_name = {flag.name: flag for flag in flags}
    problems = Problems()
    file = _find(start, problems)
    values, exclusions = _from_file(file, start, by_name, problems) if file else ({}, ())
    faults = [str(problem) for problem in problems]
    from_environment, wrong, notes = _from_environment(environ, by_name)
    if faults or wrong:
        raise UsageError("\n".join([*faults, *wrong]))
    return Settings(values | from_environment, exclusions, file, tuple(notes))


def _find(start: Path, problems: Problems) -> Path | None:
    folder, root = start.resolve(), git_root(start)
    above = folder.parents[: len(folder.parents) - len(root.parents)] if root else ()
    for candidate in (folder, *above):
        own, project = candidate / FILE, candidate / "pyproject.toml"
        in_project = project.is_file() and _is_ours(project)
        if own.is_file() and in_project:
            problems.add(
                Place(shown_path(own, root or folder)), f"[tool.s3guard] of {project.name} beside it says settings too; keep one of the two"
            )
        if own.is_file():
            return own
        if in_project:
            return project
    return None


def _is_ours(project: Path) -> bool:
    """Whether a pyproject.toml has settings of ours; one that cannot be read counts, so that its fault is told."""
    try:
        content = project.read_bytes()
    except OSError:
        return True
    try:
        tool = tomllib.loads(content.decode("utf-8")).get("tool") if b"s3guard" in content else None
    except (ValueError, RecursionError):
        return re.search(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?s3guard\b", content, re.MULTILINE) is not None
    return isinstance(tool, dict) and "s3guard" in tool


def _from_file(file: Path, start: Path, flags: Mapping[str, Flag], problems: Problems) -> tuple[dict[str, Setting], tuple[Exclusion, ...]]:
    name = shown_path(file, git_root(start) or start.resolve())
    text, table = _table(file, name, problems)
    values: dict[str, Setting] = {}
    exclusions: tuple[Exclusion, ...] = ()
    for key, value in table.items():
        place = Place(name, _line_of(text, key, "" if file.name == FILE else "tool.s3guard"))
        flag = flags.get(key.replace("_", "-"))
        if key == "exclude":
            exclusions = _exclusions(value, place, problems)
        elif flag is None:
            problems.add(place, f"unknown setting {quoted(key)}{did_you_mean(key, [*flags, 'exclude'])}")
        elif flag.name in values:
            problems.add(place, f"{flag.name} is set twice: as {flag.name} and as {flag.name.replace('-', '_')}")
        else:
            try:
                values[flag.name] = Setting(_rebased(flag, typed(flag, value), file.parent, start), str(place))
            except ValueError as error:
                problems.add(place, f"{key}: {error}")
    return values, exclusions


def _table(file: Path, name: str, problems: Problems) -> tuple[str, dict[str, object]]:
    """The text of the file, and our table of it; empty where the file cannot be read, which is a problem."""
    try:
        text = file.read_bytes()[: MAX_BYTES + 1].decode("utf-8")
        # NOTE: parse_float keeps 0.10 as it was written; flags take text.
        table = tomllib.loads(text, parse_float=str) if len(text) <= MAX_BYTES else None
    except OSError as error:
        problems.add(Place(name), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problems.add(Place(name), "not UTF-8: save the file as UTF-8")
    except RecursionError:
        problems.add(Place(name), "nested too deep")
    except ValueError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        place = Place(name, int(at[1]), int(at[2])) if at else Place(name)
        problems.add(place, f"not valid TOML: {visible(str(error)[: at.start() if at else None])}")
    else:
        ours = table if table is None or file.name == FILE else table["tool"]["s3guard"]
        if isinstance(ours, dict):
            return text, ours
        problems.add(Place(name), "the file is larger than 1 MiB" if table is None else "[tool.s3guard] is not a table")
    return "", {}


def _line_of(text: str, key: str, section: str) -> int:
    """The line that sets `key` in a section (empty: the file's own level), the first line where it cannot be told."""
    wanted = re.compile(rf"(?:\[\[ *)?(?:tool\.s3guard\.)?[\"']?{re.escape(key)}[\"']? *(?:=|\]\]|\.)")
    inside = not section
    for number, line in enumerate(text.split("\n"), start=1):
        start = line[:200].strip()
        if section and start.startswith("["):
            inside = re.sub(r"[\s\"'\[]", "", start).startswith(section)
        if inside and wanted.match(start):
            return number
    return 1


def _rebased(flag: Flag, value: Value, folder: Path, start: Path) -> Value:
    """A value with its paths, which are relative to the file in `folder`, made good for use in `start`."""
    if folder == start.resolve():
        return value
    if isinstance(value, tuple):
        return tuple(_rebased_text(flag.kind, text, folder) for text in value)
    return _rebased_text(flag.kind, value, folder) if isinstance(value, str) else value


def _rebased_text(kind: Kind, text: str, folder: Path) -> str:
    if kind in (Kind.PATH, Kind.PATHS) or (kind is Kind.URI and "://" not in text):
        return os.path.join(folder, text)  # noqa: PTH118  a trailing slash stays, and an absolute path wins
    name, colon, path = text.partition(":")
    return f"{name}:{os.path.join(folder, path)}" if kind is Kind.OUTPUTS and colon else text  # noqa: PTH118  see above


def _exclusions(value: object, place: Place, problems: Problems) -> tuple[Exclusion, ...]:
    found = []
    for entry in value if isinstance(value, list) else [value]:
        try:
            found.append(_exclusion(entry if isinstance(entry, dict) else {}, place))
        except ValueError as error:
            problems.add(place, f"exclude: {error}")
    return tuple(found)


def _exclusion(entry: Mapping[str, object], place: Place) -> Exclusion:
    known = ("bucket", "reason", "expires")
    for key in entry:
        if key not in known:
            raise ValueError(f"unknown key {quoted(key)}{did_you_mean(key, known)}")
    bucket, reason = entry.get("bucket"), entry.get("reason")
    if not isinstance(bucket, str) or not re.fullmatch(r"[A-Za-z0-9._*?-]{1,255}", bucket):
        raise ValueError('each entry names a bucket, or a glob with * and ?: {bucket = "scratch-*", reason = "…", expires = 2027-03-31}')
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(f"{bucket} needs a reason")
    return Exclusion(bucket, reason, _day(entry.get("expires")), str(place))


def _day(value: object) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"expires is a day such as 2027-03-31, not {quoted(str(value))}")


def _from_environment(environ: Mapping[str, str], flags: Mapping[str, Flag]) -> tuple[dict[str, Setting], list[str], list[str]]:
    """Settings, problems and notes; a variable that is empty sets nothing, which is how CI systems unset one."""
    variables = {flag.variable: flag for flag in flags.values()}
    values, wrong, notes = {}, [], []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED or not environ[name]:
            continue
        if name not in variables:
            # NOTE: never its value, which may be a secret.
            meant = did_you_mean(name.removeprefix(PREFIX), flags)
            notes.append(f"environment variable {quoted(name)} is that of no flag{meant}")
            continue
        flag, source = variables[name], f"environment variable {name}"
        try:
            values[flag.name] = Setting(typed(flag, spelled_out(flag, environ[name])), source)
        except ValueError as error:
            wrong.append(f"{source}: {error}")
    return values, wrong, notes
