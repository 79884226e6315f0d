"""The roles of buckets."""

from __future__ import annotations

import json

from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import LOG_DELIVERY, Graph
from s3guard.audit.rows import Acl, Grant
from tests.audit.rowmaking import bucket, facts, logs_to


def test_a_log_bucket_is_one_that_another_logs_to() -> None:
    graph = Graph(facts(bucket("a", logging=logs_to("logs")), bucket("b", logging=logs_to("logs")), bucket("logs"), bucket("free")))
    assert ["log sink: a and 1 more log to it", None, None] == [
        graph.sink_because(row) for row in graph.facts.buckets[2:] + graph.facts.buckets[:1]
    ]
    assert ["a", "b"] == [edge.source.name for edge in graph.sources("logs")]


def test_a_bucket_that_logs_to_itself_alone_is_no_log_bucket() -> None:
    graph = Graph(facts(bucket("a", logging=logs_to("a"))))
    assert (False, ("a", "a")) == (graph.is_sink(graph.facts.buckets[0]), graph.way(graph.facts.buckets[0]))


def test_policy_and_acl_tell_a_log_bucket_that_nobody_logs_to() -> None:
    allow = json.dumps({"Statement": {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}}})
    by_policy = bucket("a", policy=Value(allow))
    by_acl = bucket("b", acl=Value(Acl("0", (Grant("WRITE", uri=LOG_DELIVERY),))))
    blind = bucket("c", policy=Unknown("denied"), acl=Unknown("denied"))
    graph = Graph(facts(by_policy, by_acl, blind))
    assert [True, True, False] == [graph.is_sink(row) for row in graph.facts.buckets]


def test_the_way_of_logs_is_followed_to_its_end_or_round() -> None:
    rows = facts(
        bucket("a", logging=logs_to("b")),
        bucket("b", logging=logs_to("c")),
        bucket("c", logging=logs_to("b")),
        bucket("d", logging=logs_to("gone")),
        bucket("e", logging=Absent()),
    )
    graph = Graph(rows)
    assert [("a", "b", "c", "b"), ("b", "c", "b"), ("c", "b", "c"), ("d", "gone"), ("e",)] == [graph.way(row) for row in rows.buckets]


def test_whose_target_nobody_knows_is_told() -> None:
    rows = facts(bucket("a", logging=Unknown("denied")), bucket("b", logging=logs_to("c")), bucket("c"))
    assert ["a"] == [row.name for row in Graph(rows).undecided]
