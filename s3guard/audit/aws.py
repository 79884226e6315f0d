"""Live accounts as facts: every bucket of every account in every Region, asked read-only, many at a time, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from s3guard.audit import accounts, live
from s3guard.audit.arrivals import delivered
from s3guard.audit.asking import ask, guarded
from s3guard.audit.canary import Asking, canaries
from s3guard.audit.facts import Absent, Fact, Unknown, Value
from s3guard.audit.graph import Graph
from s3guard.audit.rows import UNASKED, Account, Bucket, Facts
from s3guard.audit.wants import ROLE, Wants
from s3guard.aws import Access
from s3guard.aws import Account as Session
from s3guard.model import UnableError

JOBS: Final = 16
"""Buckets that are asked at a time: more only makes S3 slow one down."""
EXPRESS: Final = frozenset({"us-east-1", "us-east-2", "us-west-2", "ap-northeast-1", "ap-south-1", "eu-north-1", "eu-west-1"})
"""Regions with directory buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-Endpoints.html"""

_T = TypeVar("_T")
_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class Look:
    """What a live audit looks at."""

    accesses: Sequence[Access]
    """One an account."""
    wants: Wants
    now: datetime
    """The run's clock, UTC."""
    named: Sequence[str] = ()
    """Buckets that policies name in full: they are asked even where the list of buckets is denied."""
    jobs: int = JOBS
    runs: Sequence[Asking] | None = None
    """Earlier runs whose requests are looked for; None: none are remembered."""
    progress: Callable[[int, int], None] | None = None
    """Told how many buckets were asked, and how many there are."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a live audit saw."""

    facts: Facts
    runs: tuple[Asking, ...]
    """What the next run may look for: this one's own requests."""


class Entered:
    """One account, and the clients that ask in it; one of each service and Region."""

    def __init__(self, access: Access) -> None:
        """Asks who it is; UsageError without credentials, UnableError where the role is refused."""
        self._session = Session(access)
        self._session.frozen()
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self.home = self._session.region
        who: Fact[tuple[str, str]] = ask(
            lambda: self.client("sts").get_caller_identity(),
            "GetCallerIdentity",
            "sts:GetCallerIdentity",
            lambda answer: (answer["Account"], answer["Arn"]),
        )
        self.known = isinstance(who, Value)
        self.name = access.role_arn or access.profile
        self.id, self.arn = who.value if isinstance(who, Value) else (self.name or "unknown", "")
        self.partition = self.arn.split(":")[1] if self.arn.count(":") > 1 else "aws"

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - a client's class is made when it runs
        """A client; that of S3 is guarded against answers to other questions."""
        key = (service, region or self.home)
        with self._lock:  # NOTE: the SDK's sessions make one client at a time.
            if key not in self._clients:
                made = self._session.client(*key)
                self._clients[key] = guarded(made) if service == "s3" else made
            return self._clients[key]

    def s3(self, bucket: Bucket) -> Any:  # noqa: ANN401 - see above
        """The client for a bucket: of its Region, where that is known."""
        return self.client("s3", bucket.region.value if isinstance(bucket.region, Value) else None)


@dataclass(slots=True)
class _Listed:
    """An account with its buckets, while the audit runs."""

    entered: Entered | None
    row: Account
    rows: list[Bucket] = field(default_factory=list)


def look(asked: Look) -> Seen:
    """Everything that the checks may look at.

    UsageError without credentials; UnableError where no account can be entered. What else cannot be looked at is unknown, with the reason.
    """
    began = datetime.now(UTC)
    with ThreadPoolExecutor(asked.jobs, thread_name_prefix="s3guard") as pool:
        found = [_listed(access, alone=len(asked.accesses) == 1) for access in asked.accesses]
        bucketwise = _Bucketwise(asked, pool, found)
        bucketwise.first()
        for one in found:
            if one.entered is not None:
                one.row, special = _account(one.entered, one.row, one.rows, asked.wants)
                one.rows += special
        bucketwise.second()
    # NOTE: names of table buckets are their own, one account and Region each: one may be called as a bucket of S3 is.
    rows = {(row.name, row.kind, *((row.account, row.region) if row.kind == "table" else ())): row for one in found for row in one.rows}
    facts = Facts(began, "live", tuple(one.row for one in found), tuple(sorted(rows.values(), key=lambda row: (row.name, row.kind))))
    ended = datetime.now(UTC)
    return Seen(facts, tuple(_asking(one, began, ended) for one in found if one.entered is not None and one.entered.arn))


def _asking(one: _Listed, began: datetime, ended: datetime) -> Asking:
    assert one.entered is not None  # noqa: S101 - for the type checker
    told = frozenset(row.name for row in one.rows if isinstance(row.logging, Value))
    return Asking(one.entered.arn, began, ended, told)


def _listed(access: Access, *, alone: bool) -> _Listed:
    """An account and its list of buckets; one of several that cannot be entered is a row that says so."""
    try:
        entered = Entered(access)
    except UnableError as error:
        if alone:
            raise
        reason = Unknown(str(error))
        name = access.role_arn or access.profile
        return _Listed(None, Account(_account_of(access.role_arn) or name or "unknown", name=name, buckets=reason))
    there: Fact[list[Bucket]] = ask(
        lambda: list(_pages(entered)), "ListBuckets", "s3:ListAllMyBuckets", lambda pages: [row for page in pages for row in page]
    )
    row = Account(entered.id, entered.partition, entered.name, buckets=_count(there))
    return _Listed(entered, row, list(there.value) if isinstance(there, Value) else [])


def _count(there: Fact[list[Bucket]]) -> Fact[int]:
    return Value(len(there.value), there.origin) if isinstance(there, Value) else there


def _account_of(arn: str | None) -> str | None:
    parts = (arn or "").split(":")
    return parts[4] if len(parts) > 5 and parts[4] else None


def _pages(entered: Entered) -> Iterator[list[Bucket]]:
    # NOTE: S3 tells the Region of a bucket in its list only where a page size is asked for.
    for page in entered.client("s3").get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1000}):
        yield [
            Bucket(
                one["Name"],
                entered.id,
                exists=Value(value=True),
                region=Value(one["BucketRegion"]) if one.get("BucketRegion") else Absent(),
            )
            for one in page["Buckets"]
        ]


class _Bucketwise:
    """What is asked bucket by bucket, over all accounts: who logs to whom first, then all that is asked of log buckets."""

    def __init__(self, asked: Look, pool: ThreadPoolExecutor, found: list[_Listed]) -> None:
        self._asked, self._pool, self._found = asked, pool, found
        self._done = 0

    def first(self) -> None:
        """Fill in how every bucket logs."""
        for entered, one in self._entered():
            if isinstance(one.row.buckets, Unknown):
                self._add_strangers(entered, one, self._asked.named, in_list=None)
            one.rows = list(self._each(partial(self._first, entered), one.rows))

    def second(self) -> None:
        """Fill in what is asked of log buckets, and what was delivered to them."""
        for entered, one in self._entered():
            targets = [edge.target for edge in Graph(Facts(self._asked.now, "live", (), tuple(one.rows))).edges]
            self._add_strangers(entered, one, targets, in_list=None if isinstance(one.row.buckets, Unknown) else False)
        graph = Graph(Facts(self._asked.now, "live", (), tuple(row for one in self._found for row in one.rows)))
        for entered, one in self._entered():
            one.rows = list(self._each(partial(self._second, entered, graph), one.rows))

    def _entered(self) -> Iterator[tuple[Entered, _Listed]]:
        yield from ((one.entered, one) for one in self._found if one.entered is not None)

    def _each(self, task: Callable[[_S], _T], items: Sequence[_S]) -> Iterator[_T]:
        total = 2 * sum(len(one.rows) for one in self._found)
        for made in self._pool.map(task, items):
            self._done += 1
            if self._asked.progress is not None:
                self._asked.progress(min(self._done, total), total)
            yield made

    def _add_strangers(self, entered: Entered, one: _Listed, names: Sequence[str], *, in_list: bool | None) -> None:
        """Rows for buckets that are in no list."""
        there = {row.name for listed in self._found for row in listed.rows}
        task = partial(self._stranger, entered, in_list=in_list)
        one.rows += self._pool.map(task, sorted(set(names) - there))

    def _stranger(self, entered: Entered, name: str, *, in_list: bool | None) -> Bucket:
        return live.stranger(name, entered.client("s3"), entered.id if entered.known else None, in_list=in_list)

    def _first(self, entered: Entered, row: Bucket) -> Bucket:
        """How a bucket logs; of one that does not, what would tell that it is a log bucket."""
        if isinstance(row.region, Absent):
            row = replace(row, region=live.region(row.name, entered.client("s3")))
        row = live.with_facts(row, entered.s3(row), ("logging",))
        return live.with_facts(row, entered.s3(row), self._had(row) - {"logging"})

    def _had(self, row: Bucket) -> frozenset[str]:
        """The facts of a row that the first round asks for."""
        if row.kind != "general" or row.logging == UNASKED:
            return frozenset()
        return self._asked.wants.bucket | {"logging"} | (frozenset() if isinstance(row.logging, Value) else frozenset(ROLE))

    def _second(self, entered: Entered, graph: Graph, row: Bucket) -> Bucket:
        """All that is asked of log buckets; of sources what was delivered."""
        wants = self._asked.wants
        if graph.is_sink(row) or graph.sources(row.name):
            row = live.with_facts(row, entered.s3(row), (wants.sink | {"logging"}) - self._had(row))
        edge = next((edge for edge in graph.edges if edge.source.name == row.name), None)
        if edge is None:
            return row
        client = entered.s3(graph.bucket(edge.target) or row)
        if "delivered" in wants.bucket | wants.sink:
            row = replace(row, delivered=delivered(edge, graph.sources(edge.target), client, self._asked.now))
        if "canary" in wants.bucket | wants.sink:
            runs = self._asked.runs
            row = replace(row, canary=Absent() if runs is None else canaries(edge, runs, client))
        return row


def _account(entered: Entered, row: Account, rows: Sequence[Bucket], wants: Wants) -> tuple[Account, list[Bucket]]:
    """The account's own facts, and rows for its directory and table buckets."""
    clients, names = entered.client, wants.account
    regions = sorted({bucket.region.value for bucket in rows if isinstance(bucket.region, Value)} | {entered.home})
    found: dict[str, Any] = {}
    extra: list[Bucket] = []
    if "public_access_block" in names:
        nobody = Unknown("GetCallerIdentity did not say which account this is")
        found["public_access_block"] = accounts.public_access_block(clients, entered.id) if entered.known else nobody
    if "trails" in names:
        found["trails"] = accounts.trails(clients, regions)
    if "event_data_stores" in names:
        found["event_data_stores"] = accounts.event_data_stores(clients, regions)
    if "log_deliveries" in names:
        found["log_deliveries"] = accounts.log_deliveries(clients, regions)
    if "directory_buckets" in names:
        listed = {region: accounts.directory_buckets(clients, region) for region in regions if region in EXPRESS}
        found["directory_buckets"] = accounts.counted(listed.values())
        extra += [_special(name, entered, region, "directory") for region, name in _named(listed)]
    if "table_buckets" in names:
        tables = {region: accounts.table_buckets(clients, region) for region in regions}
        found["table_buckets"] = accounts.counted(tables.values())
        for region, (name, arn) in _named(tables):
            logging = live.table_bucket_logging(arn, clients("s3tables", region))
            extra.append(replace(_special(name, entered, region, "table"), table_logging=logging))
    return replace(row, **found), extra


def _named(listed: dict[str, Fact[tuple[_T, ...]]]) -> Iterator[tuple[str, _T]]:
    for region, fact in listed.items():
        yield from ((region, one) for one in (fact.value if isinstance(fact, Value) else ()))


def _special(name: str, entered: Entered, region: str, kind: Any) -> Bucket:  # noqa: ANN401 - one of `Bucket.kind`
    return Bucket(name, entered.id, kind, exists=Value(value=True), region=Value(region))
