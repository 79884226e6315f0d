"""What a pack is evidence of beside its report: reviews as often as the policies and the controls ask for, and nothing more than that."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from s3guard.evidence import archive
from s3guard.outputs import instant
from tests.cli.project import Here
from tests.evidence import history

MORE = "frameworks: [pci-dss, hipaa, nist-800-53]\n"
DAILY, REGULAR, WRITTEN = ("pci-dss-4.0.1", "10.4.1"), ("pci-dss-4.0.1", "10.4.2"), ("hipaa", "164.316(b)(1)(ii)")
Told = dict[tuple[str, str], dict[str, Any]]
Packed = Callable[..., Told]


@pytest.fixture
def packed(here: Here, tmp_path: Path) -> Packed:
    """The controls in a pack over so many days of a state."""

    def pack(days: int, *arguments: str, more: str = MORE, code: int = 0, policy: str | None = None) -> Told:
        world = tmp_path / "world"
        history.written(world, days, more)
        here.patch.chdir(world)
        if policy is not None:
            (world / "policies" / "phi.yaml").write_text(policy + more, encoding="utf-8")
        end = instant(history.at(days - 1) + timedelta(hours=1))
        period = ("--from", instant(history.BEGIN), "--to", end, "--as-of", end)
        assert code == here("evidence", "pack", "--state", "state", *period, *arguments, "-o", "e.tar").code
        assert 3 == here("evidence", "verify", "e.tar").code  # nobody signed it, and nothing in it is wrong
        report = json.loads(archive.read(world / "e.tar").data("report.json"))
        return {(one["framework"], one["control"]): one for one in report["controls"]}

    return pack


def test_reviews_that_were_all_found_in_time_are_the_evidence(packed: Packed) -> None:
    told = packed(10)
    for control in (DAILY, REGULAR, ("hipaa", "164.308(a)(8)"), ("nist-800-53-r5", "CA-7")):
        assert "E-REVIEWS" in told[control]["run"]
        assert "an evidence pack would show it" not in told[control]["reason"]
    assert ("evidenced", "direct") == (told[DAILY]["status"], told[DAILY]["strength"])
    assert "reviews that were all in time" in told[DAILY]["reason"]
    assert "evidenced" == told[WRITTEN]["status"]
    assert "partly" == told[("hipaa", "164.308(a)(1)(ii)(D)")]["status"]
    assert "no check of the configuration speaks for it (--audit)" in told[("hipaa", "164.308(a)(1)(ii)(D)")]["reason"].lower()
    assert not [one for one in told.values() if "an evidence pack would show it" in one["reason"]]


def test_what_is_missing_is_said_by_the_controls_that_ask_for_it(packed: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, day in (("MISSING", 2), ("KILLED", 4), ("UNDECIDED", 6)):
        monkeypatch.setattr(history, name, day)
    told = packed(9, code=3)
    for control in (DAILY, REGULAR):
        assert "partly" == told[control]["status"]
        assert "due by phi: 2 missing and 1 incomplete" in told[control]["reason"]
    assert "partly" == told[WRITTEN]["status"]
    assert "the pack says of itself what is missing in it" in told[WRITTEN]["reason"].lower()


def test_reviews_that_are_rarer_than_a_control_asks_for_are_no_evidence_of_it(packed: Packed) -> None:
    weekly = history.OLD.replace("every: 1d", "every: 7d")
    told = packed(20, policy=weekly)
    assert "partly" == told[DAILY]["status"]
    assert "phi asks for a review every 7d, this control for one every 1d" in told[DAILY]["reason"].lower()
    assert "evidenced" == told[REGULAR]["status"]


def test_a_policy_that_asks_for_no_reviews_has_none(packed: Packed) -> None:
    told = packed(5, policy=history.OLD.replace("review: {every: 1d, grace: 6h}\n", ""))
    for control in (DAILY, REGULAR):
        assert "partly" == told[control]["status"]
        assert "E-REVIEWS" not in told[control]["run"]
        assert "phi asks for no reviews at set times" in told[control]["reason"].lower()


def test_no_review_was_due_is_no_evidence_of_reviews(packed: Packed) -> None:
    told = packed(5, policy=history.OLD.replace("every: 1d", "every: 90d"))
    assert "partly" == told[REGULAR]["status"]
    assert "no review by phi was due in the period" in told[REGULAR]["reason"].lower()


def test_a_pack_of_one_run_says_that_it_is(here: Here) -> None:
    policy = here.folder / "policies" / "p.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + "frameworks: [pci-dss, hipaa]\n", encoding="utf-8")
    here("check", "logs", "--as-of", "2019-02-07T00:00:00Z", "--evidence", "e.tar", "-q")
    report = json.loads(archive.read(here.folder / "e.tar").data("report.json"))
    told = {(one["framework"], one["control"]): one for one in report["controls"]}
    for control in (DAILY, WRITTEN):
        assert "partly" == told[control]["status"]
        assert "the pack is of one run alone" in told[control]["reason"].lower()
