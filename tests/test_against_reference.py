"""The engine and a deliberately slow reference, written apart from it, agree on random worlds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from s3guard import engines, policy, sources, waivers
from s3guard.conclude import Conclusion, conclude
from s3guard.plan import Plan
from s3guard.results import Known
from tests.reference import lines, policies, rules, units, worlds

if TYPE_CHECKING:
    from tests.reference.worlds import World


def engine_says(world: World, folder: Path, jobs: int = 2) -> Conclusion:
    """What the engine makes of a world whose files are written to `folder`."""
    logs, written = folder / "logs", folder / "policies"
    for name, data in world.files:
        (logs / name).parent.mkdir(parents=True, exist_ok=True)
        (logs / name).write_bytes(data)
    written.mkdir()
    for number, text in enumerate(world.policies):
        (written / f"{number}.yaml").write_text(text, encoding="utf-8")
    plan = Plan(policy.load([written], folder), since=world.since, until=world.until)
    work = engines.Work(plan, sources.objects([str(logs)], str(folder)), jobs=jobs)
    return conclude(plan, engines.engine("local").run(work), Known(day=waivers.day_of(datetime.fromtimestamp(world.as_of, UTC))))


def told(conclusion: Conclusion) -> dict[tuple[str, str | None], dict[str, Any]]:
    """The engine's results in the reference's form."""
    return {
        (result.rule, result.bucket): {
            "records": result.records,
            "violations": result.violations,
            "unjudged": result.unjudged,
            "status": result.status.value,
            "findings": {
                (tuple(sorted(finding.subject.items())), finding.outcome): {
                    "records": finding.records,
                    "first": None if finding.first_seen is None else int(finding.first_seen.timestamp()),
                    "last": None if finding.last_seen is None else int(finding.last_seen.timestamp()),
                    "waived": finding.waiver is not None,
                }
                for finding in result.findings
            },
        }
        for result in conclusion.results
    }


def differences(world: World, conclusion: Conclusion) -> list[str]:
    """Where the two differ, for people."""
    expected = rules.judge(lines.read(world.files), [policies.load(text) for text in world.policies], world.since, world.until, world.as_of)
    actual, found = told(conclusion), []
    for key in sorted({*expected["results"], *actual}, key=str):
        theirs, ours = expected["results"].get(key), actual.get(key)
        if theirs == ours:
            continue
        if theirs is None or ours is None:
            found.append(f"{key}: reference {theirs and theirs['status']}, engine {ours and ours['status']}")
            continue
        found += [
            f"{key} {name}: reference {theirs[name]}, engine {ours[name]}"
            for name in theirs
            if name != "findings" and theirs[name] != ours[name]
        ]
        for subject in sorted({*theirs["findings"], *ours["findings"]}, key=str):
            a, b = theirs["findings"].get(subject), ours["findings"].get(subject)
            if a != b:
                found.append(f"{key} {subject}: reference {a}, engine {b}")
    coverage = conclusion.coverage
    counts = {"records": coverage.records - coverage.ambiguous, "ambiguous": coverage.ambiguous, "quarantined": coverage.quarantined}
    found += [
        f"coverage {name}: reference {expected['coverage'][name]}, engine {count}"
        for name, count in counts.items()
        if expected["coverage"][name] != count
    ]
    return found


def alone(world: World) -> World:
    """The same records, each rule of each policy in a policy of its own: what a rule says must not depend on what stands beside it."""
    apart: list[str] = []
    for text in world.policies:
        whole = policies.load(text)
        for kind, entries in whole["rules"].items():
            for entry in units.listed(entries):
                name = f"{whole['policy']}-{len(apart)}"
                apart.append(policies.written({**whole, "policy": name, "rules": {kind: entry}, "waivers": []}))
    return replace(world, policies=[text for text in apart if units.enabled(_only_rule(text))])


def _only_rule(text: str) -> dict[str, Any]:
    (rule,) = policies.load(text)["rules"].values()
    return rule or {}


@pytest.mark.parametrize("seed", range(36))
def test_records_violations_and_findings_of_every_rule_are_those_of_the_reference(seed: int, tmp_path: Path) -> None:
    world = worlds.world(seed, 150 + 40 * (seed % 10))
    if seed % 3 == 1:
        world = worlds.shuffled(world, seed)
    assert differences(world, engine_says(world, tmp_path, jobs=1 + seed % 3)) == []


@pytest.mark.parametrize("seed", range(100, 108))
def test_a_rule_says_alone_what_it_says_beside_others(seed: int, tmp_path: Path) -> None:
    world = alone(worlds.world(seed, 150))
    assert differences(world, engine_says(world, tmp_path)) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_more_and_larger_worlds_agree(seed: int, tmp_path: Path) -> None:
    world = worlds.world(seed, 100 + 37 * (seed % 40))
    world = alone(world) if seed % 4 == 0 else worlds.shuffled(world, seed) if seed % 4 == 1 else world
    assert differences(world, engine_says(world, tmp_path, jobs=1 + seed % 3)) == []
