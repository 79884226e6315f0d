"""Facts on their way through JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3guard.audit import snapshot
from s3guard.audit.facts import Absent, Origin, Unknown, Value
from s3guard.audit.rows import Bucket, Facts, Grant, KeyFormat, Lifecycle, LifecycleRule, Logging, Transition
from s3guard.model import Location, UnableError, UsageError
from tests.audit.rowmaking import NOW, account, bucket, facts

_TEXT = st.text(max_size=8)
_ORIGINS = st.none() | st.builds(Origin, _TEXT, st.none() | st.builds(Location, _TEXT, st.integers(1, 9)))


def fact(values: Any) -> Any:
    return st.one_of(
        st.builds(Value, values, _ORIGINS), st.builds(Absent, _TEXT, _ORIGINS), st.builds(Unknown, _TEXT, st.none() | _TEXT, _ORIGINS)
    )


_RULES = st.builds(
    LifecycleRule,
    _TEXT,
    st.sampled_from(["Enabled", "Disabled"]),
    _TEXT,
    st.lists(st.tuples(_TEXT, _TEXT), max_size=2).map(tuple),
    expiration_days=st.none() | st.integers(1, 9999),
    transitions=st.lists(st.builds(Transition, _TEXT, st.none() | st.integers(0, 99)), max_size=2).map(tuple),
)
_LOGGING = st.builds(
    Logging,
    fact(_TEXT),
    fact(_TEXT),
    fact(st.just(KeyFormat())),
    fact(st.just((Grant("READ", uri="u"),))),
)
_BUCKETS = st.builds(
    Bucket,
    _TEXT,
    st.none() | _TEXT,
    exists=fact(st.booleans()),
    logging=fact(_LOGGING),
    policy=fact(_TEXT),
    lifecycle=fact(st.builds(Lifecycle, st.lists(_RULES, max_size=2).map(tuple))),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_BUCKETS, max_size=3, unique_by=lambda row: row.name).map(tuple))
def test_facts_come_back_as_they_were(buckets: tuple[Bucket, ...]) -> None:
    taken = Facts(NOW, "live", (account(),), buckets)
    assert taken == snapshot.parse(snapshot.dump(taken), "x")


def test_the_same_facts_are_the_same_bytes_one_bucket_a_line() -> None:
    text = snapshot.dump(facts(bucket("a"), bucket("b"))).decode()
    assert text == snapshot.dump(facts(bucket("a"), bucket("b"))).decode()
    assert ['{"name": "a"', '{"name": "b"'] == [line[:12] for line in text.splitlines() if line.startswith('{"name"')]
    assert "s3guard/facts/1" == json.loads(text)["schema"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x is not a snapshot of s3guard"),
        (b"[]", "x is not a snapshot of s3guard"),
        (b"{}", "x is not a snapshot of s3guard"),
        (b'{"schema": "s3guard/facts/2"}', "x holds 's3guard/facts/2'; this version of s3guard reads 's3guard/facts/1'"),
        (b'{"schema": "s3guard/facts/1"}', "x is damaged: "),
        (b"[" * 100_000, "x is not a snapshot of s3guard"),
        (snapshot.dump(facts(bucket("a"))).replace(b'"BucketOwner"', b"7"), "x is damaged: buckets.0.payer"),
        (snapshot.dump(facts(bucket("a"))).replace(b"00:00:00Z", b"00:00:00"), "x is damaged: a time has no offset from UTC"),
        (snapshot.dump(facts(bucket("a"), bucket("a"))), "x is damaged: the bucket a stands in it twice"),
    ],
    ids=["nothing", "a list", "an empty object", "a later version", "no facts", "nested", "a wrong type", "a time of nowhere", "twice"],
)
def test_what_is_no_snapshot_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}"):
        snapshot.parse(content, "x")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match="could not read the snapshot"):
        snapshot.read(tmp_path / "gone.json")
