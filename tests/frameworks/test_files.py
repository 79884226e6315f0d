"""The frameworks that are shipped: well formed, about rules and checks that there are, and claiming no more than these can show."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from s3guard import frameworks, rules
from s3guard.audit import checks
from s3guard.frameworks.shape import RUN_EVIDENCE, Framework
from s3guard.model import UsageError
from s3guard.records import OPERATION_CLASSES

IDS = frameworks.ids()
NAMES = ("cis-aws", "gdpr", "hipaa", "iso-27001", "nist-800-53", "pci-dss", "soc2")
WANTED = {
    "hipaa": [
        "164.308(a)(1)(ii)(D)",
        "164.308(a)(3)(ii)(A)",
        "164.308(a)(8)",
        "164.312(b)",
        "164.312(e)(1)",
        "164.316(b)(2)(i)",
        "164.404",
    ],
    "pci-dss-4.0.1": ["1.4.4", "4.2.1", "7.2.6", "10.2.1", "10.2.1.3", "10.2.1.6", "10.3.4", "10.4.1.1", "10.5.1", "10.7.2", "A1.2.1"],
    "gdpr": ["5(1)(e)", "5(1)(f)", "25", "30", "32(1)(d)", "32(4)", "33(1)", "34"],
    "nist-800-53-r5": ["AC-2(4)", "AC-6(9)", "AU-2", "AU-5", "AU-6", "AU-9", "AU-11", "AU-12", "CA-7", "SI-4", "SI-7(8)", "SC-8(1)"],
    "soc2": ["CC6.1", "CC6.7", "CC7.2", "CC7.3", "A1.2", "C1.2"],
    "iso-27001-2022": ["A.5.15", "A.5.28", "A.5.34", "A.8.15", "A.8.16", "A.8.24"],
    "cis-aws-7.0": ["3.1.1", "4.4", "4.8", "5.8"],
    "cis-aws-5.0": ["2.1.1", "3.4", "3.8", "4.8"],
}


@pytest.fixture(params=IDS)
def framework(request: pytest.FixtureRequest) -> Framework:
    return frameworks.load(request.param)


def test_each_is_there_by_its_plain_name_which_means_the_newest() -> None:
    assert (NAMES, "cis-aws-7.0", "pci-dss-4.0.1") == (frameworks.names(), frameworks.resolved("cis-aws"), frameworks.resolved("pci-dss"))
    assert (None, "cis-aws-5.0") == (frameworks.resolved("pci-dss-3.2.1"), frameworks.resolved("cis-aws-5.0"))


def test_a_name_asks_for_every_version_and_a_pinned_one_for_itself() -> None:
    assert {"cis-aws-5.0", "cis-aws-7.0"} == frameworks.matching(["cis-aws"])
    assert {"cis-aws-5.0", "hipaa"} == frameworks.matching(["cis-aws-5.0", "hipaa"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hippa", "'hippa' is not a framework; did you mean hipaa"),
        ("pci-dss-3.2.1", "'pci-dss-3.2.1' is not a version that this s3guard has; write pci-dss or pci-dss-4.0.1"),
        ("xyzzy", "write cis-aws, gdpr, hipaa"),
    ],
)
def test_an_unknown_name_says_what_was_meant(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        frameworks.load(name)


@pytest.mark.parametrize("id_", WANTED)
def test_the_controls_that_access_logs_bear_on_are_there(id_: str) -> None:
    assert set(WANTED[id_]) <= {control.id for control in frameworks.load(id_).controls}


def test_every_rule_and_check_that_is_named_exists(framework: Framework) -> None:
    entries = [entry for control in framework.controls for entry in control.evidence]
    assert set() == {name for entry in entries for name in entry.rules} - set(rules.catalog())
    assert set() == {name for entry in entries for name in entry.checks} - set(checks.catalog())
    assert set() == {name for entry in entries for name in entry.run} - set(RUN_EVIDENCE)
    assert set() == {name for entry in entries for name in entry.denies} - set(OPERATION_CLASSES)


def test_every_control_has_a_source_or_says_why_this_tool_has_no_evidence(framework: Framework) -> None:
    for control in framework.controls:
        assert control.not_covered or all(framework.sources[key].told for entry in control.evidence for key in entry.source), control.id


def test_no_control_claims_more_than_it_has(framework: Framework) -> None:
    """What a client chooses, what needs no audit, what is told to somebody: none of these shows a control by itself."""
    for control in framework.controls:
        for entry in control.evidence:
            where = (framework.id, control.id)
            assert entry.strength != "direct" or not entry.checks, where
            assert entry.strength == "supporting" or not {"user_agents", "custom"} & set(entry.rules), where
            assert entry.strength == "supporting" or not {"E-ALERT", "E-REDACT", "E-WAIVE"} & set(entry.run), where
            assert entry.confidence == "interpretation" or not (entry.rules or entry.run), (where, "no public mapping knows our rules")
            assert "denies" not in entry.model_fields_set or entry.rules == ("operations",), where
            assert "operations" not in entry.rules or entry.denies or entry.on, (where, "what a rule `operations` is about is not known")
    assert not [control.id for control in framework.controls if any("custom" in one.rules for one in control.evidence)]


def test_nothing_regular_is_evidenced_by_one_run() -> None:
    regular = {"hipaa": ["164.308(a)(1)(ii)(D)", "164.308(a)(8)"], "pci-dss": ["10.4.1", "10.4.2"], "gdpr": ["32(1)(d)"], "soc2": ["CC4.1"]}
    for name, ids in regular.items():
        for id_ in ids:
            control = frameworks.load(name).control(id_)
            assert control is not None
            assert ("E-REVIEWS",) == next(one.run for one in control.evidence if one.strength == "direct")
            assert "supporting" == next(one.strength for one in control.evidence if "E-RUN" in one.run)


def test_mappings_that_look_wrong_are_not_copied() -> None:
    pci, nist = frameworks.load("pci-dss"), frameworks.load("nist-800-53")
    for id_ in ("10.2.1.5", "10.6.3", "5.3.4"):
        control = pci.control(id_)
        assert control is not None
        assert not control.evidence
    assert not {"AU-6(6)", "AU-14(3)", "IA-3(3)(b)", "MA-4(1)(a)"} & {control.id for control in nist.controls}
    assert () == next(one.evidence for one in frameworks.load("hipaa").controls if one.id == "164.310")


def test_cis_asks_for_access_logs_of_the_bucket_of_cloudtrail_alone() -> None:
    for id_, number in (("cis-aws-7.0", "4.4"), ("cis-aws-5.0", "3.4")):
        framework = frameworks.load(id_)
        control = framework.control(number)
        assert control is not None
        assert [("SAL-035",)] == [one.checks for one in control.evidence]
        assert "SAL-001" not in {name for one in framework.controls for entry in one.evidence for name in entry.checks}


def test_access_to_the_log_is_shown_by_rules_over_log_buckets_alone() -> None:
    for id_ in ("10.2.1.3", "10.3.1", "10.3.2"):
        control = frameworks.load("pci-dss").control(id_)
        assert control is not None
        assert {"log-bucket"} == {one.on for one in control.evidence if one.rules}


def test_no_text_says_compliant(framework: Framework) -> None:
    assert not re.search(r"complian", str(framework.model_dump(exclude={"sources"})), re.IGNORECASE)


GOOD = """id: mine-1.0
name: mine
version: "1.0"
title: Mine
sources: {own: {title: Ours, url: "https://example.org", own: true}}
retention: {note: As you say.}
controls:
  - id: "1"
    title: One
    evidence: [{rules: [writers], strength: direct, confidence: interpretation, source: [own]}]
not_covered: [The rest.]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: mine-1.0", "id: mine-2.0", "write one and the same"),
        ("strength: direct", "strength: strong", "controls.0.evidence.0.strength"),
        ("rules: [writers]", "checks: [SAL-001]", "a check of the audit looks at the configuration"),
        ("strength: direct", "strength: configuration", "a rule judges records"),
        ("rules: [writers], ", "", "name `rules`, `checks` or `run`"),
        ("rules: [writers]", "run: [E-ALERT]", "that somebody was told"),
        ("confidence: interpretation", "confidence: published", "what rests on our own reading alone is an interpretation"),
        ("source: [own]", "source: [theirs]", "`sources` has no theirs"),
        ("source: [own]", "source: []", "controls.0.evidence.0.source"),
        (
            "    evidence: [{rules: [writers], strength: direct, confidence: interpretation, source: [own]}]\n",
            "",
            "says in `not_covered` why",
        ),
        ("not_covered: [The rest.]", "", "not_covered: Field required"),
        ("title: Mine", "titel: Mine", "titel: Extra inputs are not permitted"),
        ('title: Ours, url: "https://example.org"', "title: Ours", "give `repo` and `file`, or `url`"),
        ("version:", "\tversion:", "mine-1.0.yaml:3"),
    ],
)
def test_a_fault_of_a_file_is_told_with_its_place(old: str, new: str, message: str) -> None:
    assert "Mine" == frameworks.parsed(GOOD.encode(), "mine-1.0", "mine-1.0.yaml").title
    assert old in GOOD
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        frameworks.parsed(GOOD.replace(old, new).encode(), "mine-1.0", "mine-1.0.yaml")
    assert str(caught.value).startswith("mine-1.0.yaml:")


def test_another_file_is_another_framework(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    for version in ("1.9", "1.10"):
        (folder / f"mine-{version}.yaml").write_text(GOOD.replace("1.0", version), encoding="utf-8")
    monkeypatch.setattr(frameworks, "FOLDER", folder)
    assert (("mine",), "mine-1.10", "Mine") == (frameworks.names(), frameworks.resolved("mine"), frameworks.load("mine").title)


def test_a_policy_without_frameworks_reads_none() -> None:
    code = (
        "import sys; from s3guard import policy, check, audited, matrix; from pathlib import Path\n"
        "import tempfile; folder = Path(tempfile.mkdtemp()); (folder / 'p.yaml').write_text('version: 1\\npolicy: p\\nbuckets: [b]\\n"
        "rules: {writers: {allow: []}}\\n')\n"
        "one, = policy.load([folder], folder); from s3guard.audit.expected import of_policy; of_policy(one)\n"
        "from s3guard import advice; advice.warnings(one); assert 's3guard.frameworks.shape' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_daily_review_is_evidenced_by_daily_reviews_alone() -> None:
    control = frameworks.load("pci-dss").control("10.4.1")
    assert control is not None
    assert [1] == [one.days for one in control.evidence if one.run == ("E-REVIEWS",)]


def test_that_logs_are_written_shows_no_judging_of_them() -> None:
    """Public mappings attach access logging to controls that ask what people or tools made of it; that supports, and shows nothing."""
    for name, id_ in (("soc2", "CC7.3"), ("nist-800-53", "AU-6(3)")):
        control = frameworks.load(name).control(id_)
        assert control is not None
        assert frozenset() == control.asked
