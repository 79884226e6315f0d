"""Every rule of the folder: its page, its example, its title, its schema, and the defaults that the contract gives it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import s3guard.rules
from s3guard.documents import read
from s3guard.nodes import plain
from s3guard.problems import Problems
from s3guard.rules import Rule, catalog
from s3guard.written import Written

RULES = catalog()
FILES = sorted(file for file in Path(s3guard.rules.__path__[0]).glob("*.py") if file.stem != "__init__")

# The table of rules in the report contract: severity and default subject.
CONTRACT = {
    "requesters": ("high", "principal operation_class"),
    "writers": ("critical", "principal operation"),
    "administrators": ("critical", "principal operation"),
    "anonymous": ("high", "remote_ip operation_class"),
    "access_denied": ("medium", "remote_ip"),
    "errors": ("medium", "operation_class"),
    "latency": ("medium", "operation_class"),
    "networks": ("high", "remote_ip principal"),
    "transport": ("high", "principal tls_version"),
    "authentication": ("medium", "principal signature_version authentication_type"),
    "operations": ("high", "principal operation"),
    "volume": ("high", "principal"),
    "schedule": ("medium", "principal operation_class"),
    "acl_required": ("low", "principal operation"),
    "user_agents": ("low", "user_agent principal"),
    "first_seen": ("low", ""),
    "anomalies": ("medium", ""),
    "completeness": ("high", "bucket"),
    "custom": ("medium", ""),
}
OF_GROUPS = {"access_denied", "errors", "latency", "volume", "completeness", "anomalies", "custom"}


def page(rule: type[Rule]) -> str:
    assert rule.__doc__
    return rule.__doc__


def example(rule: type[Rule]) -> str:
    (block,) = re.findall(r"Example:\n\s*```yaml\n(.*?)```", page(rule), re.DOTALL)
    return str(block)


def as_text(rule: type[Rule]) -> dict[str, Any]:
    """The example as policies are read: every scalar is text, named lists stand in their places."""
    problems = Problems()
    (document,) = read(example(rule).encode(), f"{rule.kind}.yaml", problems)
    problems.raise_any()
    policy = plain(document)
    assert isinstance(policy, dict)
    return policy


def with_lists(entry: dict[str, Any], policy: dict[str, Any], kind: str) -> dict[str, Any]:
    lists = policy.get("networks" if kind == "networks" else "principals", {})
    resolved = dict(entry)
    for side in {"allow", "deny"} & set(entry):
        items = entry[side] if isinstance(entry[side], list) else [entry[side]]
        resolved[side] = [found for item in items for found in (lists[item[1:]] if item.startswith("@") else [item])]
    return resolved


def entries(policy: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    written = policy["rules"][kind]
    return written if isinstance(written, list) else [written]


def test_every_file_of_the_folder_is_a_rule_of_the_contract() -> None:
    assert [file.stem for file in FILES] == list(RULES) == sorted(CONTRACT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_the_module_says_what_it_is_for_in_one_sentence(file: Path) -> None:
    first = file.read_text(encoding="utf-8").split("\n")[0]
    assert re.fullmatch(rf'"""The rule `{file.stem}`: [^.]+\."""', first)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_page_has_every_part(rule: type[Rule]) -> None:
    parts = re.findall(r"^    ## (.+)$", page(rule), re.MULTILINE)
    assert parts == ["What breaks it", "Subject", "Fields", "How it counts", "What to do"]
    assert page(rule).split("\n")[0].endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_page_names_every_field_of_the_rule_and_the_subject(rule: type[Rule]) -> None:
    own = set(rule.model_fields) - set(Rule.model_fields)
    fields = page(rule).split("## Fields")[1].split("## How it counts")[0]
    assert [name for name in own if f"`{name}`" not in fields] == []
    subject = page(rule).split("## Subject")[1].split("## Fields")[0]
    assert not rule.default_group_by or f"`{', '.join(rule.default_group_by)}`" in subject


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_example_loads(rule: type[Rule]) -> None:
    policy = as_text(rule)
    assert {"version", "policy", "buckets", "rules"} <= set(policy)
    for entry in entries(policy, rule.kind):
        assert rule.model_validate(with_lists(entry, policy, rule.kind)).enabled


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_schema_accepts_the_example_as_editors_read_it_and_refuses_other_keys(rule: type[Rule]) -> None:
    schema = rule.model_json_schema()
    check = jsonschema_rs.validator_for(schema)
    for entry in entries(yaml.safe_load(example(rule)), rule.kind):
        assert [error.message for error in check.iter_errors(entry)] == []
        assert not check.is_valid({**entry, "unheard_of": 1})


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_schema_describes_every_field_and_knows_no_null(rule: type[Rule]) -> None:
    schema = rule.model_json_schema()
    assert [name for name, field in schema["properties"].items() if not field.get("description")] == []
    assert '"null"' not in json.dumps(schema)
    assert schema["description"] == page(rule).split("\n")[0]


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_defaults_of_the_schema_are_what_people_write(rule: type[Rule]) -> None:
    defaults = {name: field["default"] for name, field in rule.model_json_schema()["properties"].items() if "default" in field}
    written = rule.model_validate({**defaults, "enabled": False})
    assert written == rule.model_validate({"enabled": False})


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_title_states_the_case_that_passes(rule: type[Rule]) -> None:
    title = rule.default_title
    assert re.fullmatch(r"[A-Z][^.]{10,70}", title)
    assert not re.match(r"(?i)ensure|check|disallow|avoid|detect|find|alert", title)
    assert not re.search(r"(?i)violation|denied|forbidden|should|must", title)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_help_is_a_plain_paragraph(rule: type[Rule]) -> None:
    assert re.fullmatch(r"[A-Z].{80,500}\.", rule.default_help)
    assert "\n" not in rule.default_help
    assert "  " not in rule.default_help


@pytest.mark.parametrize(("kind", "expected"), CONTRACT.items())
def test_severity_and_subject_are_those_of_the_contract(kind: str, expected: tuple[str, str]) -> None:
    rule = RULES[kind]
    assert (rule.default_severity.value, " ".join(rule.default_group_by)) == expected
    assert rule.splits == (kind not in OF_GROUPS)


def test_a_part_of_a_policy_that_wants_a_field_has_a_schema_too() -> None:
    class Wanting(Written):
        """Wants something."""

        something: str
        """What it wants."""

    assert Wanting.model_json_schema()["required"] == ["something"]
