"""Patterns over requesters, compiled to one vectorised expression, and the columns that say who a requester is.

======================================================  =====================================================================
pattern                                                 matches the requester
======================================================  =====================================================================
``arn:aws:iam::ACCT:role/path/NAME``                    every session of that role (the log drops the role's path: it is ignored)
``arn:aws:sts::ACCT:assumed-role/NAME/SESSION``         that session
``arn:aws:iam::ACCT:user/path/NAME``                    that user; the log keeps a user's path, so it is compared as written
``arn:aws:sts::ACCT:federated-user/NAME``               that federated user
``account:ACCT``, ``account:aws-cn:ACCT``               any user, role session or federated user of the account
``canonical:64-hex``, ``canonical:owner``               that canonical user id; the owner of the record's own bucket
``service:NAME``                                        the AWS service principal, logged as ``svc:NAME``
``oai:ID``                                              the CloudFront origin access identity
``authenticated``                                       anyone but an unauthenticated requester
======================================================  =====================================================================

``*`` stands in NAME, and in SESSION where NAME is literal; it never crosses ``:`` or ``/``, and alone it wants one character.
Partitions are distinct. The forms are those of the Requester field in the log format page of the Amazon S3 user guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from s3guard.patterns import PARTITION, term

PRINCIPAL_TYPES: Final = ("role", "user", "federated-user", "canonical", "service", "oai", "s3", "other", "anonymous")
"""Every value of the column ``principal_type``."""

_ARN: Final = rf"arn:{PARTITION}"
_ENTITIES: Final = {
    "role": rf"{_ARN}:sts::[0-9]{{12}}:assumed-role/[^:/]+/.+",
    "user": rf"{_ARN}:iam::[0-9]{{12}}:user/(?:.*/)?[^:/]+",
    "federated-user": rf"{_ARN}:sts::[0-9]{{12}}:federated-user/[^:/]+",
}
_FORMS: Final = {
    **_ENTITIES,
    "canonical": r"[0-9a-f]{64}",
    "service": r"svc:.+",
    "oai": rf"{_ARN}:iam::cloudfront:user/CloudFront Origin Access Identity [^:/]+",
    "s3": r"AmazonS3",
}
_BATCH: Final = 100
"""NOTE: regex alternations of this many patterns; from about a thousand on, Rust's regex falls back to an engine 1,000 times slower."""


def _whole(regex: str) -> str:
    # NOTE: (?s) and \z: a newline inside a requester is data, and `$` would accept one at the end.
    return rf"(?s)\A(?:{regex})\z"


def principal_type_expr() -> pl.Expr:
    """The column ``principal_type`` from ``requester``: one of `PRINCIPAL_TYPES`, never null."""
    requester = pl.col("requester")
    forms = [pl.when(requester.str.contains(_whole(regex))).then(pl.lit(name)) for name, regex in _FORMS.items()]
    return pl.coalesce(pl.when(requester.is_null()).then(pl.lit("anonymous")), *forms, pl.lit("other")).alias("principal_type")


def principal_expr() -> pl.Expr:
    """The column ``principal`` from ``requester``.

    ``arn:PARTITION:iam::ACCT:role/NAME`` for every session of a role, else the requester itself; null where unauthenticated.
    """
    session = rf"(?s)\Aarn:({PARTITION}):sts::([0-9]{{12}}):assumed-role/([^:/]+)/.+\z"
    return pl.col("requester").str.replace(session, "arn:${1}:iam::${2}:role/${3}").alias("principal")


def account_expr() -> pl.Expr:
    """The column ``account`` from ``requester``: the 12 digits of an IAM or STS ARN; null for all else."""
    return pl.col("requester").str.extract(rf"(?s)\A{_ARN}:(?:iam|sts)::([0-9]{{12}}):", 1).alias("account")


def stand_in_expr() -> pl.Expr:
    """The column ``requester`` from ``principal``, so that patterns can be asked about a principal too.

    A role stands as a session that only patterns over every session match; all else stands for itself; null stays null.
    """
    role = rf"(?s)\Aarn:({PARTITION}):iam::([0-9]{{12}}):role/([^:/]+)\z"
    # NOTE: a space, which no session pattern can spell but `*` covers.
    return pl.col("principal").str.replace(role, "arn:${1}:sts::${2}:assumed-role/${3}/ ").alias("requester")


@dataclass(frozen=True, slots=True)
class Matcher:
    """Compiled patterns: what any of them matches, the matcher matches."""

    patterns: tuple[str, ...]
    owner: bool
    """``canonical:owner`` is among the patterns: the caller also accepts ``requester == bucket_owner``, which `expr` leaves out."""
    expr: pl.Expr = field(compare=False, repr=False)
    """Boolean over the String column ``requester``; never null, and False for a null (unauthenticated) requester."""


def check(pattern: str) -> None:
    """Return for a well-formed pattern; else raise ValueError, which says what is wrong and what to write instead."""
    term(pattern)


def compile(patterns: Sequence[str]) -> Matcher:  # noqa: A001 - as in `re.compile`; called as `principals.compile`
    """A matcher for any of the patterns; no patterns match nobody. ValueError for a malformed one."""
    wanted: dict[str, set[str]] = {}
    for pattern in patterns:
        asked = term(pattern)
        wanted.setdefault(asked.part, set()).update(asked.values)
    known = pl.col("requester").is_not_null()
    expr = known if "authenticated" in wanted else known & pl.any_horizontal(*_conditions(wanted))
    return Matcher(tuple(patterns), "owner" in wanted, expr)


def _conditions(wanted: dict[str, set[str]]) -> Iterator[pl.Expr]:
    requester = pl.col("requester")
    # NOTE: always there, so that any_horizontal has a column even when nothing is wanted; a literal would be one row long.
    yield requester.is_in(sorted(wanted.get("requester", ())), nulls_equal=True)
    if "role" in wanted:
        role = requester.str.extract(rf"(?s)\A({_ARN}:sts::[0-9]{{12}}:assumed-role/[^:/]+)/.", 1)
        yield role.is_in(sorted(wanted["role"]), nulls_equal=True)
    if "account" in wanted:
        account = requester.str.extract(rf"(?s)\A({_ARN}:(?:iam|sts)::[0-9]{{12}}):", 1)
        entity = requester.str.contains(_whole("|".join(_ENTITIES.values())))
        yield account.is_in(sorted(wanted["account"]), nulls_equal=True) & entity
    for regex in _alternations(wanted.get("regex", ())):
        yield requester.str.contains(regex)


def _alternations(regexes: Iterable[str]) -> list[str]:
    ordered = sorted(regexes)
    return [_whole("|".join(ordered[start : start + _BATCH])) for start in range(0, len(ordered), _BATCH)]
