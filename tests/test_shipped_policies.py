"""The shipped policies and packs: well formed, told to editors, and each of use."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from s3guard import tested
from s3guard.policy import load
from s3guard.rules import catalog
from s3guard.schema import schema

ROOT = Path(__file__).parent.parent
POLICIES = ROOT / "policies"
FILES = sorted([*POLICIES.rglob("*.yaml"), ROOT / "tests" / "bench" / "policy-bench.yaml"])
PACKS = sorted((POLICIES / "packs").glob("*.yaml"))
COMPARING = {"first_seen", "anomalies"}
"""Rules that want 14 days of history: a shipped policy that named one would not pass where it is tried on a day of logs."""


def test_every_shipped_policy_is_well_formed() -> None:
    assert ["cardholder-data", "log-archive", "phi-records", "public-website"] == [policy.name for policy in load([POLICIES], ROOT)]


def test_every_shipped_policy_has_tests_and_they_pass() -> None:
    policies = load([POLICIES], ROOT)
    done = list(tested.run(policies))
    assert {policy.name for policy in policies} == {one.policy for one in done}
    assert [] == [(one.policy, one.name, one.misses) for one in done if not one.passed]
    assert all(one.expected for one in done)


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.stem)
def test_every_pack_can_be_extended_by_its_name(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"version: 1\npolicy: mine\nbuckets: [b]\nextends: [{pack.stem}]\n", encoding="utf-8")
    (policy,) = load([tmp_path], tmp_path)
    assert {bound.rule.kind for bound in policy.rules} >= {"anonymous", "transport", "completeness"}


@pytest.mark.parametrize("pack", PACKS, ids=lambda path: path.stem)
def test_a_pack_names_no_buckets_and_gives_evidence_for_its_own_framework_alone(pack: Path) -> None:
    written = yaml.safe_load(pack.read_text(encoding="utf-8"))
    entries = [entry for rule in written["rules"].values() for entry in (rule if isinstance(rule, list) else [rule])]
    frameworks = {framework for entry in entries for framework in entry.get("controls", {})}
    assert "buckets" not in written
    assert (set() if pack.stem == "baseline" else {pack.stem}) == frameworks == set(written.get("frameworks", []))


class _AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2 as editors have it: an instant is a text."""


_AsEditorsRead.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema())


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_every_policy_names_the_schema_for_editors_and_fits_it(file: Path, validator: jsonschema_rs.Validator) -> None:
    text = file.read_text(encoding="utf-8")
    first, _, _ = text.partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (POLICIES / "schema.json").resolve() == (file.parent / named).resolve()
    validator.validate(yaml.load(text, Loader=_AsEditorsRead))  # noqa: S506 - a safe loader, see below


def test_the_examples_show_every_rule_that_needs_no_history_between_them() -> None:
    kinds = {bound.rule.kind for policy in load([POLICIES], ROOT) for bound in policy.rules}
    assert set(catalog()) - COMPARING == kinds


def test_the_benchmark_judges_every_rule_that_needs_no_history() -> None:
    (policy,) = load([ROOT / "tests" / "bench" / "policy-bench.yaml"], ROOT)
    assert set(catalog()) - COMPARING == {bound.rule.kind for bound in policy.rules}
