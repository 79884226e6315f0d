"""Records that were written as Parquet are judged as the logs that they were made from; what cannot be is refused."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import sources, tables
from s3guard.blocks import blocks
from s3guard.columns import Columns, decoded_keys
from s3guard.conclude import Conclusion
from s3guard.formats import Parsers, Reading, parquet
from s3guard.formats.parquet.columns import BITS, EXTRA, READINGS, SUFFIX
from s3guard.formats.parquet.kept import kept
from s3guard.model import Status, Unreadable
from s3guard.physical import TEXTS
from s3guard.plan import Plan
from s3guard.records import COLUMNS, SCHEMA
from s3guard.text import mask_credentials
from s3guard.vocabulary import Vocabulary
from tests import judging, lines
from tests.batches import policies_of
from tests.deliveries import json_lines, record_of, written
from tests.judging import judged, store, told
from tests.laws import tried
from tests.outputs.corpus import HOSTILE, SECRETS
from tests.reference.worlds import World, world, worlds
from tests.test_undelivered import records_of, thinned

AMBIGUOUS = lines.record(request_id=b"TWO", user_agent=b'x" 404 NoSuchKey 1 1 1 1 "-" "').render()
TORN = lines.ORDINARY.render()[:150] + lines.ORDINARY.render()
ODD = lines.record(user_agent=b'a"b').render()

POLICY = """
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/bob]}
  access_denied: {max: 0}
  acl_required: {}
  user_agents: {deny: ["curl/*"]}
  writers: {allow: [arn:aws:iam::111122223333:user/bob], except_keys: ["exports/*"]}
  custom: {where: "request_uri LIKE '%x-amz%'", max: 0}
"""


KINDS = {"requesters", "access_denied", "acl_required", "user_agents", "writers", "custom"}


def plan_of(made: World) -> Plan:
    return Plan(policies_of(made.policies), since=made.since, until=made.until)


def both(plan: Plan, logs: Path, file: Path) -> tuple[Conclusion, Conclusion]:
    """What is said of logs, and of the Parquet that is made of them."""
    judging.parquet(logs, file)
    # NOTE: the dump names objects as the command does, relative to the repository or the working directory.
    return judged(plan, logs, Path.cwd()), judged(plan, file)


@pytest.mark.parametrize("seed", range(12))
def test_a_world_is_judged_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = world(seed, 150)
    direct, again = both(plan_of(made), store(tmp_path / "logs", dict(made.files)), tmp_path / "x.parquet")
    assert told(direct) == told(again)
    assert 1 == again.coverage.objects
    assert (tmp_path / "x.parquet").stat().st_size == again.coverage.bytes


@tried(20)
@given(worlds(10, 60), st.integers(0, 2**32 - 1))
def test_deliveries_and_logs_together_are_judged_the_same(tmp_path_factory: pytest.TempPathFactory, made: World, seed: int) -> None:
    folder, rng = tmp_path_factory.mktemp("both"), Random(seed)
    documents = [written(one) for one in thinned(rng, records_of(made))]
    files = dict(made.files[:2]) | {
        "d/1.json": json_lines(documents[::2]),
        "d/2.json.gz": gzip.compress("".join(documents[1::2]).encode("utf-8", "replace")),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(tables, "ROW_GROUP", rng.choice([7, 1 << 17]))
        patch.setattr(parquet, "ROW_GROUP", rng.choice([5, 1 << 17]))
        direct, again = both(plan_of(made), store(folder / "logs", files), folder / "x.parquet")
        assert told(direct) == told(again)


def frames(data: Path, root: Path) -> list[dict[str, Any]]:
    """Every column of every record, and of every reading."""
    vocabulary = Vocabulary()
    parsers, columns = Parsers(vocabulary, (*TEXTS, "user_agent", "key", "key_logged")), Columns(vocabulary)
    rows: list[dict[str, Any]] = []
    for block in blocks(sources.objects([str(data)], str(root)), Reading()):
        parsed = parsers.parse(block)
        for frame in (parsed.records, parsed.readings, parsed.delivered):
            if frame is not None and frame.height:
                rows += _rows(frame, columns, parsed.objects or block.objects)
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


def _rows(frame: pl.DataFrame, columns: Columns, names: Iterable[str]) -> list[dict[str, Any]]:
    if "key" not in frame.columns:
        frame = frame.with_columns(decoded_keys(frame, columns))
    frame = frame.with_columns(pl.Series(list(names), dtype=pl.String).gather(frame["object"]).alias("object_name"))
    return frame.select(columns.text(name).alias(name) for name in COLUMNS).to_dicts()


WRITTEN = [text.encode("utf-8", "surrogatepass") for text in HOSTILE.values() if "\n" not in text]


def test_every_column_of_every_record_comes_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = [lines.record(user_agent=text, request_uri=text, referer=text, key_logged=b"a%2Fb").render() for text in WRITTEN]
    suffixes = [lines.SUFFIX[:count] for count in (0, 1, 7, 8, 9)] + [(*lines.SUFFIX, b"us-east-1", b"more", b"-"), lines.ANONYMOUS]
    generations = [lines.record(suffix=suffix).render() for suffix in suffixes]
    log = b"".join(line + b"\n" for line in [*hostile, *generations, AMBIGUOUS, TORN, ODD, lines.bare().render(), b"noise"])
    documents = [record_of(lines.record(key_logged=key).render()) for key in (b"a", b"a%2Bb", b"-")]
    texts = [
        written((one or {}) | {"user_agent": text, "zone": text})
        for one in documents
        for text in ("x", '"\\', "\u2028\x1f", "\\u{41}", "-")
    ]
    store(tmp_path / "logs", {"a\u202e.log": log, "b.json": json_lines(texts)})
    judging.parquet(tmp_path / "logs", tmp_path / "x.parquet")
    assert frames(tmp_path / "logs", tmp_path) == frames(tmp_path / "x.parquet", tmp_path)


def test_parquet_of_parquet_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = lines.record(request_uri=b"GET /k?X-Amz-Signature=abc HTTP/1.1").render()
    files = {
        "a.log": b"\n".join([secret, AMBIGUOUS, ODD, b"noise", b""]),
        "b.json": json_lines([written({"bucket_name": "b", "request_time": "2026-10-01T00:00:00Z"})]),
    }
    first, second = tmp_path / "1.parquet", tmp_path / "2.parquet"
    judging.parquet(store(tmp_path / "logs", files), first)
    judging.parquet(first, second)
    assert pl.read_parquet(first).to_dicts() == pl.read_parquet(second).to_dicts()
    one, two = (kept(pl.read_parquet_metadata(file)) for file in (first, second))
    assert (one.rows, one.ambiguous, one.quarantined, one.warnings, one.delivered) == (
        two.rows,
        two.ambiguous,
        two.quarantined,
        two.warnings,
        two.delivered,
    )
    plan = Plan(policies_of([POLICY]))
    assert told(judged(plan, first)) == told(judged(plan, second))


def test_people_find_the_columns_of_records_and_few_beside(tmp_path: Path) -> None:
    store(tmp_path, {"a.log": AMBIGUOUS + b"\n" + ODD + b"\n"})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert {**SCHEMA, **EXTRA} == dict(frame.schema)
    assert [BITS, SUFFIX, READINGS] == list(EXTRA)
    assert [2, None] == frame[READINGS].list.len().to_list()


def test_what_could_not_be_looked_at_in_the_logs_is_not_clean_in_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    packed = gzip.compress(b"".join(lines.ORDINARY.render() + b"\n" for _ in range(500)))[:-40]
    store(tmp_path / "logs", {"a.log": b"noise\n" * 3 + AMBIGUOUS + b"\n", "b.log.gz": packed})
    direct, again = both(Plan(policies_of([POLICY])), tmp_path / "logs", tmp_path / "x.parquet")
    assert told(direct) == told(again)
    assert (3, 1) == (again.coverage.quarantined, again.coverage.ambiguous)
    assert (Unreadable("logs/b.log.gz", "cut short: the gzip data ends in the middle"),) == again.coverage.unreadable


def test_parquet_that_is_packed_or_elsewhere_is_read_from_memory(tmp_path: Path) -> None:
    store(tmp_path, {"a.log": b"".join(lines.ORDINARY.render() + b"\n" for _ in range(300))})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    (tmp_path / "x.gz").write_bytes(gzip.compress((tmp_path / "x.parquet").read_bytes()))
    plan = Plan(policies_of([POLICY]))
    plain, packed = (judged(plan, tmp_path / name) for name in ("x.parquet", "x.gz"))
    assert told(plain) == told(packed)
    assert 300 == packed.coverage.records


def test_a_file_whose_name_looks_like_a_pattern_or_a_partition_is_just_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store(tmp_path, {"a.log": ODD + b"\n"})
    (tmp_path / "bucket=other").mkdir()
    file = tmp_path / "bucket=other" / "x[1]*.parquet"
    direct, again = both(Plan(policies_of([POLICY])), tmp_path / "a.log", file)
    assert told(direct) == told(again)


def test_an_empty_file_tells_what_was_not_read(tmp_path: Path) -> None:
    store(tmp_path, {"a.log": b"noise\n"})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    found = judged(Plan(policies_of([POLICY])), tmp_path / "x.parquet").coverage
    assert (0, 1, ()) == (found.records, found.quarantined, found.unreadable)


# Credentials stay masked, and nobody is deceived by what then is missing.


@pytest.mark.parametrize("name", SECRETS)
def test_no_credential_is_in_the_file(name: str, tmp_path: Path) -> None:
    text = SECRETS[name]
    line = lines.record(request_uri=text.encode(), referer=text.encode(), user_agent=text.encode()).render()
    store(tmp_path, {"a.log": line + b"\n" + AMBIGUOUS.replace(b"k ", text.encode().replace(b" ", b"+") + b" ", 1) + b"\n"})
    judging.parquet(tmp_path / "a.log", tmp_path / "x.parquet")
    frame = pl.read_parquet(tmp_path / "x.parquet")
    for column in frame.select(pl.selectors.string()):
        assert all(mask_credentials(value) == value for value in column.drop_nulls())
    assert mask_credentials(text) == text or mask_credentials(text) in "".join(frame["request_uri"].drop_nulls())


SECRET = "X-Amz-Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"


@pytest.mark.parametrize(
    ("changes", "unsure"),
    [
        ({"request_uri": f"GET /k?{SECRET} HTTP/1.1".encode()}, {"custom"}),
        ({"referer": f"https://example.org/?{SECRET}".encode()}, set[str]()),
        ({"user_agent": f"curl/8 {SECRET}".encode()}, {"user_agents"}),
        (
            {"key_logged": f"exports/k?{SECRET}".encode()},
            {"anonymous", *KINDS},
        ),
    ],
)
def test_rules_that_read_a_text_with_a_masked_credential_are_unsure_and_all_others_judge_the_same(
    changes: dict[str, bytes], unsure: set[str], tmp_path: Path
) -> None:
    line = lines.record(operation=b"REST.PUT.OBJECT", **changes).render()
    store(tmp_path, {"a.log": line + b"\n" + ODD + b"\n"})
    direct, again = both(Plan(policies_of([POLICY])), tmp_path / "a.log", tmp_path / "x.parquet")
    before = {result.kind: result for result in direct.results}
    for result in again.results:
        if result.kind in unsure:
            assert before[result.kind].unjudged + 1 == result.unjudged, result.kind
            assert result.status in (Status.UNDETERMINED, Status.FAIL)
        else:
            assert (before[result.kind].records, before[result.kind].status) == (result.records, result.status)


@pytest.mark.parametrize("text", ['keys: ["a b/*"], allow: [10.0.0.0/8]', "where: \"starts_with(key, 'a b/')\", allow: [10.0.0.0/8]"])
def test_keys_are_decoded_alike_where_lines_and_parquet_are_judged_together(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some, others = (lines.record(key_logged=key, remote_ip=b"192.0.2.3").render() + b"\n" for key in (b"a%252Bb/c", b"a%2520b/%253D"))
    store(tmp_path / "logs", {"a.log": others, "b.log": some + others})
    judging.parquet(tmp_path / "logs" / "b.log", tmp_path / "logs" / "b.parquet")
    plan = Plan(policies_of([f"version: 1\npolicy: p\nbuckets: ['*']\nrules:\n  networks: {{{text}}}\n"]))
    for file in ("b.log", "b.parquet"):
        store(tmp_path / file, {"a.log": others, "b": (tmp_path / "logs" / file).read_bytes()})
        (result,) = (one for one in judged(plan, tmp_path / file).results if one.kind == "networks")
        assert (2, 2) == (result.records, result.violations)
