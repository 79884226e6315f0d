"""The three laws of the kernel: any split gives the same report, partials and policies travel, nothing never passes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard import partial as partials
from s3guard.conclude import Conclusion, conclude
from s3guard.kernel import Plan
from s3guard.model import Result, Status
from s3guard.partial import Partial, merge
from tests.batches import Line, Worker, lines_of, policies_of, scattered, whole
from tests.laws import tried
from tests.reference.worlds import World, worlds

SEEDS = st.integers(0, 2**32 - 1)


def plan_of(world: World) -> Plan:
    """The plan by which a world is judged."""
    return Plan(policies_of(world.policies), since=world.since, until=world.until)


def judged(plan: Plan, partial: Partial) -> Conclusion:
    """What a partial says, times of the world's own."""
    return conclude(plan, partial)


@tried(4)
@given(worlds(10, 120), SEEDS)
def test_any_split_any_order_and_any_tree_of_merges_give_the_same_report(world: World, seed: int) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    expected = judged(plan, whole(plan, lines))
    assert judged(plan, scattered(plan, lines, Random(seed))) == expected


@tried(10)
@given(worlds(10, 60))
def test_a_line_apiece_gives_the_same_report(world: World) -> None:
    plan, lines = plan_of(world), lines_of(world.files)
    worker = Worker(plan)
    apart = merge(worker.scan([line]) for line in lines[:40])
    assert judged(plan, apart) == judged(plan, whole(plan, lines[:40]))
