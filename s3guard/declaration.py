"""A policy file as people write it, but for its rules: the keys, what each takes, and the JSON Schema of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Final, Literal

import polars as pl
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, create_model

from s3guard import frameworks
from s3guard.masks import named
from s3guard.model import Status
from s3guard.names import FRAMEWORKS, Networks, Principals
from s3guard.problems import FaultError, FaultsError, did_you_mean, quoted
from s3guard.quantities import Count, Duration
from s3guard.records import COLUMNS, LOG_COLUMNS
from s3guard.written import Globs, Identifier, OneOrMany, Text, Written, choice

BUCKET: Final = r"[A-Za-z0-9._*?-]{1,255}"
"""A bucket's name or a glob of it: today's names, and those of before 2018 with capitals and underscores."""
PLACEHOLDERS: Final = ("bucket", "account", "region")
"""What a log prefix may name in braces: the bucket that is logged, its account and Region."""


def _version(value: object) -> int:
    if value not in ("1", 1):
        raise ValueError(f"{quoted(str(value))} is not a version of policies that this s3guard reads; write 1")
    return 1


def _bucket(pattern: str) -> str:
    if pattern.startswith("arn:"):
        raise ValueError(f"{quoted(pattern)} is an ARN; write the bucket's name alone")
    if not re.fullmatch(BUCKET, pattern):
        raise ValueError(f"{quoted(pattern)} is not a bucket's name: letters, digits, '.', '-' and '_', and in globs * and ?")
    return pattern


def _literal(name: str) -> str:
    if "*" in name or "?" in name:
        raise ValueError(f"{quoted(name)} is a glob; a log bucket is named in full")
    return name


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{quoted(value)} is not a day: {error}") from error
    raise ValueError(f"{quoted(str(value))} is not a day; write it as 2027-03-31")


def _instant(value: object) -> datetime:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError as error:
            raise ValueError(f"{quoted(value)} is not an instant: {error}") from error
    raise ValueError(f"{quoted(str(value))} is not an instant; write it in UTC as 2026-10-02T00:00:00Z")


def _prefix(text: str) -> str:
    faults = []
    for found in re.finditer(r"\{([^{}]*)\}|[{}]", text):
        name = found[1]
        if name is None:
            faults.append(FaultError(f"a brace of {quoted(text)} has no partner", found.start()))
        elif name not in PLACEHOLDERS:
            meant = did_you_mean(name, PLACEHOLDERS) or "; write {bucket}"
            faults.append(FaultError(f"{{{name}}} stands for nothing in a prefix{meant}", found.start()))
    if faults:
        raise FaultsError(faults)
    return text


Bucket = Annotated[str, AfterValidator(_bucket), WithJsonSchema({"type": "string", "pattern": f"^{BUCKET}$"})]
"""A bucket's name or a glob of it."""

Masked = Annotated[str, AfterValidator(named), WithJsonSchema({"type": "string", "pattern": "^[xX]-[A-Za-z0-9._~*?-]{1,200}$"})]
"""A parameter of clients, or a glob of some, whose values are masked."""

Framework = Annotated[
    str,
    AfterValidator(frameworks.checked),
    WithJsonSchema({"type": "string", "enum": list(FRAMEWORKS)}),
]
"""A framework's plain name (its newest version), or name and version such as ``pci-dss-4.0.1``."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day in UTC."""

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A second in UTC."""


class Target(Written):
    """Where the access logs of the buckets are to go."""

    bucket: Annotated[Bucket, AfterValidator(_literal)] | None = None
    """The name of the log bucket."""
    prefix: Annotated[Text, AfterValidator(_prefix)] | None = None
    """The prefix of the log objects; {bucket}, {account} and {region} stand for those of the bucket that is logged."""


class Retention(Written):
    """How long the access logs must be kept."""

    min: Duration | None = None
    """No log object may be deleted sooner."""
    max: Duration | None = None
    """Every log object must be deleted by then: logs hold personal data."""
    immediately_available: Duration | None = None
    """No log object may be archived where it cannot be read at once sooner."""

    def checks(self) -> tuple[Callable[[], str | None], ...]:
        """The two are in order."""
        return (self._out_of_order,)

    def _out_of_order(self) -> str | None:
        if self.min is not None and self.immediately_available is not None and self.immediately_available > self.min:
            return "`immediately_available` is longer than `min`: what is deleted cannot be read at once"
        return None


class Logging(Written):
    """How the buckets must write their access logs: what the configuration audit compares with."""

    target: Target | None = None
    """Where the logs are to go."""
    key_format: (
        Annotated[Literal["simple", "partitioned", "any"], choice("a format of log keys", ("simple", "partitioned", "any"))] | None
    ) = None
    """How the log objects are to be named; the default is any."""
    retention: Retention | None = None
    """How long the logs must be kept."""
    freshness: Duration | None = None
    """How old the newest log object may be."""
    readers: Principals | None = None
    """Who outside the account, or by which grant of the log bucket, may read the logs; without it nobody outside the account may."""


class Review(Written):
    """How often these logs must be reviewed; evidence compares it with the runs that are found."""

    every: Duration | None = None
    """The longest time from one review to the next."""
    grace: Duration | None = None
    """How late a review may be; the default is not at all."""


class Waiver(Written):
    """Findings that are accepted for a time."""

    rule: Text
    """The rule within this policy: `writers`, `writers/exports` or `logging/SAL-001`."""
    match: dict[str, Globs] | None = None
    """Fields of the rule's subject, with the principal patterns or globs that they must match; without it, every finding of the rule."""
    reason: Text
    """Why it is accepted."""
    ticket: Text | None = None
    """Where it is tracked."""
    approved_by: Text | None = None
    """Who accepted it."""
    expires: Day
    """The last day on which it holds, UTC."""


def _unlogged(value: object) -> object:
    """The log's own ``-`` is no value."""
    return None if value == "-" else value


def _column_type(name: str) -> Any:  # noqa: ANN401 - a type that pydantic reads
    column = COLUMNS[name]
    if isinstance(column.dtype, pl.Datetime):
        return Annotated[Instant | None, BeforeValidator(_unlogged), Field(description=column.meaning)]
    if isinstance(column.dtype, pl.Int64):
        return Annotated[Count | None, BeforeValidator(_unlogged), Field(description=column.meaning)]
    return Annotated[Text | None, BeforeValidator(_unlogged), Field(description=column.meaning)]


class _Record(Written):
    """One record of a test: columns of the log; ``-`` empties one, and those left out are as in an ordinary record."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        name: f"it follows from {column.source}" for name, column in COLUMNS.items() if name not in LOG_COLUMNS
    }


_COLUMN_FIELDS: Final[dict[str, Any]] = {name: (_column_type(name), None) for name in LOG_COLUMNS}
LogRecord: Final = create_model("LogRecord", __base__=_Record, __doc__=_Record.__doc__, **_COLUMN_FIELDS)


class PolicyTest(Written):
    """Records, and what the policy must say of them."""

    name: Text
    """What is true when the test passes."""
    as_of: Instant | None = None
    """The clock of the test."""
    records: tuple[LogRecord, ...]
    """The records that are judged."""
    expect: dict[
        Annotated[str, choice("a status", [status.value for status in Status])], Annotated[tuple[Text, ...], OneOrMany("rules", empty=True)]
    ]
    """Status to the rules of this policy that must have it; other rules may have any."""


class Declaration(Written):
    """A policy of s3guard: which requests to which buckets are right, and how their access logs are kept and reviewed."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "name": "write `policy`",
        "include": "write `extends`",
        "exclude": "it is a key of s3guard.toml",
        "redact": "it is a key of s3guard.toml",
    }

    version: Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": 1})]
    """The version of this format: 1."""
    policy: Identifier
    """The policy's name, of which there is one: letters, digits, `.`, `_` and `-`."""
    description: Text | None = None
    """What the policy is for."""
    owner: Text | None = None
    """Who answers for it."""
    frameworks: Annotated[tuple[Framework, ...], OneOrMany("frameworks", empty=True)] = ()
    """The frameworks whose controls this policy gives evidence for; a version pins one, such as pci-dss-4.0.1."""
    buckets: Annotated[tuple[Bucket, ...], OneOrMany("buckets")] | None = None
    """The buckets that it applies to: names, and globs with * and ?. A pack, which others extend, has none."""
    extends: Annotated[tuple[Text, ...], OneOrMany("packs or files", empty=True)] = ()
    """Shipped packs by name, other policy files by path: what they say holds here too, unless a later one or this file says otherwise."""
    principals: dict[Identifier, Principals] = Field(default_factory=dict, json_schema_extra={"additionalProperties": False})
    """Lists of principal patterns, used elsewhere as "@name"."""
    networks: dict[Identifier, Networks] = Field(default_factory=dict, json_schema_extra={"additionalProperties": False})
    """Lists of networks, used elsewhere as "@name"."""
    rules: dict[str, Any] = Field(default_factory=dict)
    """What is judged: a rule's name, with one entry or a list of them."""
    mask: Annotated[tuple[Masked, ...], OneOrMany("parameters", empty=True)] = ()
    """Parameters of URLs that clients send and that grant access, such as x-user-token, and globs of them: no output shows their values."""
    logging: Logging | None = None
    """How the buckets must write their access logs."""
    review: Review | None = None
    """How often the logs must be reviewed."""
    waivers: tuple[Waiver, ...] = ()
    """Findings that are accepted for a time."""
    tests: tuple[PolicyTest, ...] = ()
    """Records, and what the policy must say of them."""
