"""Who logs to whom: the roles of buckets, told from the targets of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from s3guard.audit.bucket_policy import statements
from s3guard.audit.facts import NotKnownError, Unknown, Value
from s3guard.audit.rows import Account, Bucket, Facts, Logging

SERVICE = "logging.s3.amazonaws.com"
"""The principal that delivers access logs."""
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
"""The group of an ACL that delivers access logs."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A source that logs to a target that is known by name."""

    source: Bucket
    target: str
    logging: Logging


class Graph:
    """All facts, with the questions that need more than one row."""

    def __init__(self, facts: Facts) -> None:
        """Looks at nothing but the rows."""
        self.facts = facts

    @cached_property
    def _buckets(self) -> dict[str, Bucket]:
        # NOTE: a table bucket may have the name of another bucket, and logs go to buckets of S3 alone.
        return {bucket.name: bucket for bucket in sorted(self.facts.buckets, key=lambda one: one.kind != "table")}

    @cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.id: account for account in self.facts.accounts}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every source with a target whose name is known, in the order of the rows."""
        return tuple(edge for bucket in self.facts.buckets for edge in _edges(bucket))

    @cached_property
    def _by_target(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    @cached_property
    def undecided(self) -> tuple[Bucket, ...]:
        """Buckets of which nobody knows whether they log, or where to: any bucket may be their target."""
        return tuple(
            bucket
            for bucket in self.facts.buckets
            if bucket.kind == "general"
            and not (isinstance(bucket.exists, Value) and not bucket.exists.value)
            and (
                isinstance(bucket.logging, Unknown)
                or (isinstance(bucket.logging, Value) and isinstance(bucket.logging.value.target_bucket, Unknown))
            )
        )

    def bucket(self, name: str) -> Bucket | None:
        """The row of a bucket; None where nobody looked at one of that name."""
        return self._buckets.get(name)

    def account(self, bucket: Bucket) -> Account | None:
        """The row of the account that a bucket is in; None where that is not known."""
        return None if bucket.account is None else self._accounts.get(bucket.account)

    def sources(self, target: str) -> tuple[Edge, ...]:
        """Those that log to a bucket, itself included where it does."""
        return tuple(self._by_target.get(target, ()))

    def target(self, bucket: Bucket) -> str | None:
        """Where a bucket logs to; None where it does not, or nobody knows."""
        return next((edge.target for edge in _edges(bucket)), None)

    def is_sink(self, bucket: Bucket) -> bool:
        """Whether it is a log bucket: another one logs to it, or its policy or ACL admits the log delivery of S3."""
        return self.sink_because(bucket) is not None

    def sink_because(self, bucket: Bucket) -> str | None:
        """Why a bucket counts as a log bucket, as a clause; None where it does not."""
        others = [edge.source.name for edge in self.sources(bucket.name) if edge.source.name != bucket.name]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            return f"log sink: {others[0]}{more} log{'' if more else 's'} to it"
        if isinstance(bucket.policy, Value) and SERVICE in bucket.policy.value and _admits_delivery(bucket.policy.value):
            return f"log sink: its policy admits {SERVICE}"
        if isinstance(bucket.acl, Value) and any(grant.uri == LOG_DELIVERY for grant in bucket.acl.value.grants):
            return "log sink: its ACL admits the log delivery group"
        return None

    def way(self, bucket: Bucket) -> tuple[str, ...]:
        """The buckets that one reaches from this by following targets: itself first, and where that goes round, the first again last."""
        met: list[str] = []
        name: str | None = bucket.name
        while name is not None and name not in met:
            met.append(name)
            row = self.bucket(name)
            name = None if row is None else self.target(row)
        return (*met, name) if name is not None else tuple(met)


def _admits_delivery(policy: str) -> bool:
    """Whether an Allow names the log delivery; a Deny or a name that mentions it makes no log bucket."""
    try:
        said = statements(policy)
    except NotKnownError:
        return True  # NOTE: then the checks of log buckets cannot be decided either, and say so.
    return any(("Service", SERVICE) in (one.principals or ()) for one in said if one.effect == "Allow")


def _edges(bucket: Bucket) -> Iterator[Edge]:
    fact = bucket.table_logging if bucket.kind == "table" else bucket.logging
    if isinstance(fact, Value) and isinstance(fact.value.target_bucket, Value):
        yield Edge(bucket, fact.value.target_bucket.value, fact.value)


def names(buckets: Iterable[Bucket]) -> tuple[str, ...]:
    """Names of buckets, sorted."""
    return tuple(sorted(bucket.name for bucket in buckets))
