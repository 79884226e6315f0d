"""How long access logs are to be kept: frameworks are combined by the strictest, and what contradicts them is told, never chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3guard import advice, retained
from s3guard.policy import Policy, load
from s3guard.retained import Days


def policy(folder: Path, frameworks: str, retention: str = "") -> Policy:
    logging = f"logging: {{retention: {{{retention}}}}}\n" if retention else ""
    text = f"version: 1\npolicy: p\nbuckets: [b]\nframeworks: {frameworks}\n{logging}rules: {{writers: {{allow: []}}}}\n"
    (folder / "p.yaml").write_text(text, encoding="utf-8")
    (one,) = load([folder], folder)
    return one


def test_the_strictest_of_several_frameworks_holds() -> None:
    asked = retained.kept(["pci-dss", "hipaa", "soc2", "gdpr", "pci-dss-4.0.1"])
    assert [365, 2190, 365] == [one.days for one in asked]
    assert Days(2190, "hipaa 164.316(b)(2)(i): six years, as many read it for logs", is_advice=True) == retained.strictest(asked)
    assert not (strictest := retained.strictest(retained.kept(["soc2", "pci-dss"]))) or not strictest.is_advice
    assert (None, ("gdpr",)) == (retained.strictest(retained.kept(["gdpr"])), retained.state_maximum(["hipaa", "gdpr"]))


@pytest.mark.parametrize(
    ("frameworks", "retention", "told"),
    [
        ("[gdpr]", "", ["gdpr asks that it is stated how long logs"]),
        ("[gdpr]", "max: 90d", []),
        ("[gdpr, pci-dss]", "max: 90d", ["`retention.max` conflicts", "deleted after 90 days, and pci-dss 10.5.1", "asks for 365"]),
        ("[gdpr, hipaa]", "max: 400d", ["`retention.max` conflicts", "hipaa 164.316(b)(2)(i)", "as many read it asks for 2,190"]),
        ("[pci-dss]", "min: 30d", ["`retention.min` conflicts", "kept for 30 days"]),
        ("[pci-dss]", "min: 365d, immediately_available: 30d", ["`retention.immediately_available` conflicts", "at hand for 30 days"]),
        ("[pci-dss, hipaa, soc2]", "min: 2190d, immediately_available: 90d", []),
        ("[pci-dss]", "", []),
        ("[]", "min: 1d", []),
    ],
)
def test_what_contradicts_a_framework_is_told_by_validate(tmp_path: Path, frameworks: str, retention: str, told: list[str]) -> None:
    one = policy(tmp_path, frameworks, retention)
    found = [str(problem) for problem in advice.warnings(one)]
    assert bool(told) == bool(found)
    assert all(part in " ".join(found) for part in told)
    assert all(problem.startswith("p.yaml:") for problem in found)
