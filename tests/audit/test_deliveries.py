"""Whether logs arrive: keys, freshness and the canary, over moto and real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from s3guard.audit import canary
from s3guard.audit.arrivals import delivered
from s3guard.audit.aws import Entered
from s3guard.audit.canary import Asking, canaries, holds, remember, remembered
from s3guard.audit.facts import Absent, NotKnownError, Unknown, Value
from s3guard.audit.graph import Edge
from s3guard.audit.keys import Keys, keys_of
from s3guard.audit.rows import KeyFormat
from s3guard.aws import Access
from s3guard.model import UnableError
from tests.audit.cloud import FAULTS, Cloud
from tests.audit.rowmaking import ACCOUNT, bucket, logs_to

PARTITIONED = KeyFormat("PartitionedPrefix", "EventTime")
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/s3guard/s3guard"
LINE = (
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be {bucket} [{time}] 192.0.2.3 {who} 3E57427F3EXAMPLE {operation} - "
    '"GET /{bucket}?logging HTTP/1.1" 200 - 113 - 7 - "-" "{agent}" -\n'
)


def line(
    bucket: str = "app", who: str = ARN, at: datetime | None = None, operation: str = "REST.GET.LOGGING_STATUS", agent: str = "s3guard"
) -> str:
    time = (at or datetime(2026, 10, 1, 12, 0, 5, tzinfo=UTC)).strftime("%d/%b/%Y:%H:%M:%S %z")
    return LINE.format(bucket=bucket, who=who, time=time, operation=operation, agent=agent)


def edge(source: str = "app", target: str = "logs", prefix: str = "app/", key_format: KeyFormat | None = None) -> Edge:
    logging = logs_to(target, prefix, key_format)
    return Edge(bucket(source, logging=logging), target, logging.value)


class TestKeys:
    def test_simple_keys_begin_with_the_prefix_and_partitioned_ones_with_account_region_and_bucket(self) -> None:
        simple, partitioned = edge(), edge(key_format=PARTITIONED)
        noon = datetime(2026, 10, 1, 12, 30, 5, tzinfo=UTC)
        assert "app/2026-10-01-12-30-05" == keys_of(simple.source, simple.logging).after(noon)
        assert f"app/{ACCOUNT}/us-east-1/app/2026/10/01/" == keys_of(partitioned.source, partitioned.logging).after(noon)

    @pytest.mark.parametrize(
        ("keys", "key", "is_mine"),
        [
            (Keys("app", is_partitioned=False), "app2026-10-01-12-30-05-0123456789ABCDEF", True),
            (Keys("app", is_partitioned=False), "app-prod/2026-10-01-12-30-05-0123456789ABCDEF", False),
            (Keys("app/", is_partitioned=False), "app/readme.txt", False),
            (Keys("a.p/", is_partitioned=False), "axp/2026-10-01-12-30-05-0123456789ABCDEF", False),
            (Keys("a/1/r/b/", is_partitioned=True), "a/1/r/b/2026/10/01/2026-10-01-00-00-00-0123456789ABCDEF", True),
            (Keys("a/1/r/b/", is_partitioned=True), "a/1/r/b/2026-10-01-00-00-00-0123456789ABCDEF", False),
        ],
    )
    def test_a_key_is_of_one_source_alone(self, keys: Keys, key: str, *, is_mine: bool) -> None:
        assert is_mine == keys.matches(key)

    def test_keys_of_an_unknown_region_are_not_known(self) -> None:
        one = edge(key_format=PARTITIONED)
        blind = bucket("app", region=Unknown("HeadBucket was denied"))
        with pytest.raises(NotKnownError, match="HeadBucket was denied"):
            keys_of(blind, one.logging)


def put(cloud: Cloud, key: str, body: str = "x") -> None:
    cloud.client("s3").put_object(Bucket="logs", Key=key, Body=body.encode())


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    cloud.bucket("logs")
    return Entered(Access()).client("s3")


def named(at: datetime, prefix: str = "app/") -> str:
    return f"{prefix}{at:%Y-%m-%d-%H-%M-%S}-0123456789ABCDEF"


class TestFreshness:
    def test_the_newest_log_object_is_told_by_when_it_was_written(self, cloud: Cloud, s3: Any) -> None:
        now = datetime.now(UTC)
        for hours in (50, 20, 5):
            put(cloud, named(now - timedelta(hours=hours)))
        put(cloud, "app/not-a-log")
        fact = delivered(edge(), (), s3, now + timedelta(minutes=1))
        assert isinstance(fact, Value)
        assert fact.value.newest is not None
        assert (True, named(now - timedelta(hours=5))) == (fact.value.is_complete, fact.value.newest_key)
        assert abs(now - fact.value.newest) < timedelta(minutes=2)

    def test_event_time_keys_of_midnight_are_found(self, cloud: Cloud, s3: Any) -> None:
        now = datetime.now(UTC)
        put(cloud, f"app/{ACCOUNT}/us-east-1/app/{now:%Y/%m/%d}/{now:%Y-%m-%d}-00-00-00-0123456789ABCDEF")
        fact = delivered(edge(key_format=PARTITIONED), (), s3, now)
        assert isinstance(fact, Value)
        assert fact.value.newest is not None

    def test_nothing_is_told_as_nothing_since_then(self, cloud: Cloud, s3: Any) -> None:
        now = datetime.now(UTC)
        put(cloud, named(now - timedelta(days=40)))
        fact = delivered(edge(), (), s3, now)
        assert isinstance(fact, Value)
        assert (None, now - timedelta(days=30)) == (fact.value.newest, fact.value.looked_from)

    def test_sources_that_share_a_prefix_cannot_be_told_apart(self, s3: Any) -> None:
        fact = delivered(edge(), (edge(), edge("other")), s3, datetime.now(UTC))
        assert isinstance(fact, Unknown)
        assert fact.reason.startswith("other logs under the same prefix")

    @pytest.mark.parametrize("kind", sorted(FAULTS.keys() - {"nonsense"}))  # NOTE: that is a list of objects
    def test_a_list_that_goes_wrong_is_unknown(self, cloud: Cloud, s3: Any, kind: str) -> None:
        with cloud.planted("ListObjectsV2", FAULTS[kind]):
            assert isinstance(delivered(edge(), (), s3, datetime.now(UTC)), Unknown)


class Shelf:
    """A state in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {"0000000001.s3guard": b"another's"}

    def names(self) -> list[str]:
        return sorted(self.held)

    def read(self, name: str) -> bytes:
        return self.held[name]

    def create(self, name: str, data: bytes) -> bool:
        self.held[name] = data
        return True

    def remove(self, name: str) -> None:
        del self.held[name]


def run(began: datetime, *buckets: str, arn: str = ARN) -> Asking:
    return Asking(arn, began, began + timedelta(seconds=30), frozenset(buckets or ("app",)))


class TestCanary:
    def test_a_run_is_remembered_for_two_weeks(self) -> None:
        shelf, now = Shelf(), datetime(2026, 10, 20, tzinfo=UTC)
        for days in (40, 20, 1):
            at = now - timedelta(days=days)
            remember(shelf, [run(at)], "id", at)
        assert [now - timedelta(days=1)] == [one.began for one in remembered(shelf, now)]
        remember(shelf, [run(now)], "id", now)
        assert ["0000000001.s3guard", "canary-20260930T000000Z-id.json", "canary-20261019T000000Z-id.json"] == shelf.names()[:3]

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": "s3guard/canary/2"}', b'{"schema": "s3guard/canary/1", "runs": [{}]}'])
    def test_a_damaged_memory_is_told(self, content: bytes) -> None:
        shelf = Shelf()
        shelf.held["canary-x.json"] = content
        with pytest.raises(UnableError, match=r"canary-x\.json of the state "):
            remembered(shelf, datetime.now(UTC))

    @pytest.mark.parametrize(
        ("log", "is_held"),
        [
            (line(), True),
            (line(bucket="other"), False),
            (line(who="arn:aws:iam::111122223333:user/eve"), False),
            (line(operation="REST.GET.ACL"), False),
            (line(at=datetime(2026, 10, 1, 11, 59, 0, tzinfo=UTC)), False),
            (line(who="-", agent=line().strip().replace('"', "%22")), False),
            ("x " + line(), False),
            (line(operation="REST.GET.ACL") + line(), True),
        ],
        ids=[
            "ours",
            "another bucket",
            "another requester",
            "another question",
            "another time",
            "in a user agent",
            "no line",
            "the second line",
        ],
    )
    def test_a_request_of_ours_is_known_by_fields_that_nobody_can_forge(self, log: str, *, is_held: bool) -> None:
        assert is_held == holds(log.encode(), "app", run(datetime(2026, 10, 1, 12, tzinfo=UTC)))

    def test_root_logs_as_another_name_and_is_known_by_time(self) -> None:
        asked = run(datetime(2026, 10, 1, 12, tzinfo=UTC), arn=f"arn:aws:iam::{ACCOUNT}:root")
        assert holds(line(who="f" * 64).encode(), "app", asked)

    def test_earlier_runs_are_sought_in_what_was_delivered_since(self, cloud: Cloud, s3: Any) -> None:
        now = datetime.now(UTC)
        first, second = run(now - timedelta(seconds=20)), run(now - timedelta(seconds=400))
        put(cloud, named(now), line(at=first.began + timedelta(seconds=5)))
        fact = canaries(edge(), [first, second, run(now, "other")], s3)
        assert isinstance(fact, Value)
        assert [(first.began, True, True), (second.began, False, True)] == [(one.asked, one.found, one.searched) for one in fact.value]

    def test_a_search_that_was_cut_off_says_so(self, cloud: Cloud, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(canary, "_OBJECTS", 1)
        now = datetime.now(UTC)
        for number in range(2):
            put(cloud, named(now + timedelta(seconds=number)), line(bucket="other"))
        fact = canaries(edge(), [run(now - timedelta(seconds=20))], s3)
        assert isinstance(fact, Value)
        assert [(False, False)] == [(one.found, one.searched) for one in fact.value]

    def test_without_an_earlier_run_there_is_nothing_to_find(self, s3: Any) -> None:
        assert Absent() == canaries(edge(), [run(datetime.now(UTC), "other")], s3)

    def test_what_may_not_be_read_is_unknown(self, cloud: Cloud, s3: Any) -> None:
        now = datetime.now(UTC)
        put(cloud, named(now), line())
        with cloud.planted("GetObject", FAULTS["denied"]):
            fact = canaries(edge(), [run(now - timedelta(seconds=20))], s3)
        assert isinstance(fact, Unknown)
        assert fact.reason.endswith("grant s3:ListBucket and s3:GetObject on the log prefix")
