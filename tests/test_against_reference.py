"""The engine and a deliberately slow reference, written apart from it, agree on random worlds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from s3guard import engines, policy, sources
from s3guard.conclude import Conclusion, conclude
from s3guard.kernel import Plan
from tests.reference import lines, policies, rules, worlds

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
    return conclude(plan, engines.engine("local").run(work))


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
                }
                for finding in result.findings
            },
        }
        for result in conclusion.results
    }


def differences(world: World, conclusion: Conclusion) -> list[str]:
    """Where the two differ, for people; waivers are not judged by the engine yet."""
    expected = rules.judge(lines.read(world.files), [policies.load(text) for text in world.policies], world.since, world.until, world.as_of)
    actual, found = told(conclusion), []
    for key in sorted({*expected["results"], *actual}, key=str):
        theirs, ours = expected["results"].get(key), actual.get(key)
        if theirs is not None and theirs["status"] == "waived":
            theirs = theirs | {"status": "fail"}
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


@pytest.mark.parametrize("seed", range(40))
def test_records_violations_and_findings_of_every_rule_are_those_of_the_reference(seed: int, tmp_path: Path) -> None:
    world = worlds.world(seed, 150 + 40 * (seed % 10))
    assert differences(world, engine_says(world, tmp_path)) == []
