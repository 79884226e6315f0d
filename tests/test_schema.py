"""The JSON Schema for editors: valid, the same on every call, and of one mind with the loader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from s3guard.rules import catalog
from s3guard.schema import schema
from tests.policies import HEAD, load_one, repository

RULES = HEAD + "rules:\n  anonymous: {}\n"
LISTS = 'principals: {a: authenticated, b: ["@a"]}\nnetworks: {n: [192.0.2.7]}\n'
GOOD = {
    "one entry": RULES,
    "several entries": RULES + "  volume: [{requests: 1, per: 1h}, {id: a, bytes: 10GiB, per: 1h}]\n",
    "a rule with its defaults": RULES + "  acl_required:\n",
    "names": LISTS + RULES + '  writers: {allow: ["@b"]}\n  networks: {allow: "@n"}\n',
    "a rule that is off": RULES + "  requesters: {enabled: false}\n",
    "numbers": RULES + "  access_denied: {max: 20, per: 10m}\n  errors: {max_share: 0.01}\n",
    "lists of one": "frameworks: pci-dss-4.0.1\nextends: []\n" + RULES,
    "logging and review": RULES + "logging: {target: {prefix: '{bucket}/'}, retention: {min: 365d}}\nreview: {every: 1d}\n",
}
BAD = {
    "unknown key": RULES + "owners: x\n",
    "unknown rule": RULES + "  writter: {}\n",
    "unknown field": RULES + "  writers: {alow: [authenticated]}\n",
    "severity": RULES + "  acl_required: {severity: bad}\n",
    "duration": RULES + "  access_denied: {max: 1, per: 10 minutes}\n",
    "no entries": RULES + "  acl_required: []\n",
    "bucket": "version: 1\npolicy: p\nbuckets: a/b\nrules: {anonymous: {}}\n",
    "framework": "frameworks: [HIPAA]\n" + RULES,
    "name of a list": "principals: {a b: authenticated}\n" + RULES,
    "version": RULES.replace("version: 1", "version: 2"),
    "waiver": RULES + "waivers: [{rule: anonymous}]\n",
    "column of a test": RULES + "tests: [{name: t, records: [{operaton: x}], expect: {}}]\n",
}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return schema()


@pytest.fixture(scope="module")
def fits(whole: dict[str, Any]) -> Callable[[str], bool]:
    """Whether a policy fits the schema."""
    validator = jsonschema_rs.validator_for(whole)
    return lambda text: validator.is_valid(yaml.safe_load(text))


def test_it_is_a_schema_of_its_dialect_and_can_be_written(whole: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate(whole)
    assert "https://json-schema.org/draft/2020-12/schema" == whole["$schema"]
    assert json.dumps(whole) == json.dumps(schema())


def test_it_names_every_rule_with_its_fields_and_what_they_mean(whole: dict[str, Any]) -> None:
    assert set(catalog()) == set(whole["properties"]["rules"]["properties"])
    for kind, rule in catalog().items():
        fields = {field.alias or name for name, field in rule.model_fields.items()}
        entry = whole["$defs"][f"rule_{kind}"]
        assert fields == set(entry["properties"])
        assert all(field.get("description") for field in entry["properties"].values())


def test_every_reference_leads_somewhere_and_nothing_is_left_over(whole: dict[str, Any]) -> None:
    text = json.dumps(whole)
    assert all(text.count(f'"#/$defs/{name}"') for name in whole["$defs"])


@pytest.mark.parametrize("name", GOOD)
def test_what_loads_fits_the_schema(name: str, tmp_path: Path, fits: Callable[[str], bool]) -> None:
    load_one(repository(tmp_path), GOOD[name])
    assert fits(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_a_fault_that_a_schema_can_tell_does_not_fit(name: str, fits: Callable[[str], bool]) -> None:
    assert not fits(BAD[name])
