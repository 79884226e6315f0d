"""The flags that the environment and the settings file may set: their names, what each takes, and how a value is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from s3guard.model import Severity
from s3guard.problems import did_you_mean, one_of, quoted

PREFIX: Final = "S3GUARD_"
"""How the name of every variable begins."""

Value = str | int | bool | tuple[str, ...]
"""A setting's value, by the `Kind` of its flag."""


class Kind(Enum):
    """What a flag takes."""

    TEXT = "a text"
    PATH = "a path"
    URI = "a path or a URI"
    TEXTS = "a list of texts"
    PATHS = "a list of paths"
    OUTPUTS = "a list of FORMAT or FORMAT:PATH"
    URLS = "a list of URLs"
    SWITCH = "true or false"
    COUNT = "a whole number, 1 or more"


LISTS: Final = (Kind.TEXTS, Kind.PATHS, Kind.OUTPUTS, Kind.URLS)
"""The kinds whose values are several texts."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that the environment and the file may set, by its long name without the dashes."""

    name: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    """The only values; none means any."""

    @property
    def variable(self) -> str:
        """Its environment variable: ``S3GUARD_FAIL_ON``."""
        return PREFIX + self.name.upper().replace("-", "_")


FLAGS: Final[tuple[Flag, ...]] = (
    Flag("policy", Kind.PATHS),
    Flag("output", Kind.OUTPUTS),
    Flag("fail-on", choices=(*(severity.value for severity in Severity), "none")),
    Flag("since"),
    Flag("until"),
    Flag("as-of"),
    Flag("bucket", Kind.TEXTS),
    Flag("rule", Kind.TEXTS),
    Flag("framework", Kind.TEXTS),
    Flag("baseline", Kind.PATH),
    Flag("state", Kind.URI),
    Flag("before"),
    Flag("keep"),
    Flag("dry-run", Kind.SWITCH),
    Flag("engine", choices=("local", "spark")),
    Flag("jobs", Kind.COUNT),
    Flag("audit", Kind.SWITCH),
    Flag("snapshot", Kind.PATH),
    Flag("save-snapshot", Kind.PATH),
    Flag("plan", Kind.PATH),
    Flag("template", Kind.PATH),
    Flag("fix-snippets", Kind.SWITCH),
    Flag("iam-policy", Kind.SWITCH),
    Flag("max-unparsed"),
    Flag("quarantine", Kind.PATH),
    Flag("allow-empty", Kind.SWITCH),
    Flag("allow-undetermined", Kind.SWITCH),
    Flag("require-policy", Kind.SWITCH),
    Flag("profile"),
    Flag("region"),
    Flag("role-arn", Kind.TEXTS),
    Flag("organization-role"),
    Flag("account"),
    Flag("product-arn"),
    Flag("endpoint-url"),
    Flag("request-payer", Kind.SWITCH),
    Flag("late"),
    Flag("redact", Kind.TEXTS),
    Flag("redact-key-file", Kind.PATH),
    Flag("mask", Kind.TEXTS),
    Flag("notify", Kind.URLS),
    Flag("notify-on", choices=tuple(severity.value for severity in Severity)),
    Flag("notify-details", Kind.SWITCH),
    Flag("notify-every"),
    Flag("quiet", Kind.SWITCH),
    Flag("verbose", Kind.SWITCH),
    Flag("no-progress", Kind.SWITCH),
    Flag("color", choices=("auto", "always", "never")),
    Flag("strict", Kind.SWITCH),
    Flag("sarif-profile", choices=("full", "github", "azure")),
    Flag("junit-dialect", choices=("strict", "extended")),
    Flag("junit", Kind.PATH),
    Flag("to", choices=("jsonl", "csv", "parquet")),
    Flag("columns", Kind.TEXTS),
    Flag("where"),
    Flag("report", Kind.PATH),
    Flag("queue"),
    Flag("every"),
    Flag("relist"),
    Flag("again"),
    Flag("once", Kind.SWITCH),
    Flag("format", choices=("text", "json")),
)
"""Every flag with a variable and a key; a verb takes those that it has."""


def typed(flag: Flag, value: object) -> Value:
    """A value of a TOML file by the flag's kind; ValueError says what was expected."""
    if flag.kind is Kind.SWITCH:
        if isinstance(value, bool):
            return value
    elif flag.kind is Kind.COUNT:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    elif flag.kind in LISTS:
        texts = [_text(item) for item in (value if isinstance(value, list) else [value])]
        if None not in texts:
            return tuple(text for text in texts if text)
    else:
        text = _text(value)
        if text is not None:
            return _chosen(flag, text)
    if flag.kind is Kind.URLS:
        raise ValueError(f"{flag.kind.value} is expected")  # NOTE: never what it is, which may be a secret.
    raise ValueError(f"{flag.kind.value} is expected, not {quoted(str(value))}")


def _text(value: object) -> str | None:
    """Text of a TOML value that can stand for one: a text, a number, a date or an instant."""
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def _chosen(flag: Flag, text: str) -> str:
    if flag.choices and text not in flag.choices:
        raise ValueError(f"{quoted(text)} is not {one_of(flag.choices)}{did_you_mean(text, flag.choices)}")
    return text


def spelled_out(flag: Flag, text: str) -> object:
    """The TOML value that the text of a variable stands for: the items of a list are separated by commas.

    A URL may hold commas, so of a list of them a comma ends one only where the next one begins.
    """
    if flag.kind is Kind.URLS:
        return [item.strip() for item in re.split(r",(?=\s*[A-Za-z][A-Za-z0-9+.-]*://)", text) if item.strip()]
    if flag.kind in LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if flag.kind is Kind.SWITCH:
        return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}.get(
            text.lower(), text
        )
    if flag.kind is Kind.COUNT and re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    return text
