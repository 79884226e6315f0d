"""Terraform plans of the shape that ``terraform show -json`` writes, as small as they go."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from s3guard.audit import terraform
from s3guard.audit.facts import Absent, Fact, Unknown, Value
from s3guard.audit.rows import Bucket, Facts
from tests.audit.rowmaking import NOW

AWS = "registry.terraform.io/hashicorp/aws"
IDENTITY = "data.aws_caller_identity.current"


def refers(*references: str) -> dict[str, Any]:
    """An expression that refers to resources."""
    return {"references": list(references)}


def one(base: str, attribute: str = "id") -> dict[str, Any]:
    """An expression that refers to an attribute of one resource, as plans write it."""
    return refers(f"{base}.{attribute}", base)


def is_(value: object) -> dict[str, Any]:
    """An expression that is a constant."""
    return {"constant_value": value}


@dataclass
class Plan:
    """A plan that is being made."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    root: dict[str, Any] = field(default_factory=lambda: {"resources": []})
    providers: dict[str, Any] = field(default_factory=lambda: {"aws": {"name": "aws", "expressions": {"region": is_("us-east-1")}}})

    def add(self, address: str, after: dict[str, Any] | None = None, unknown: dict[str, Any] | None = None, **change: Any) -> Plan:
        """A resource by its whole address; created, unless `actions` says something else."""
        module, base, index = taken_apart(address)
        said = {
            "actions": ["create"],
            "before": None,
            "after": after,
            "after_unknown": unknown or {},
            "after_sensitive": {},
            **change,
        }
        kind, _, name = base.removeprefix("data.").partition(".")
        mode = "data" if base.startswith("data.") else "managed"
        row: dict[str, Any] = {"address": address, "mode": mode, "type": kind, "name": name, "change": said}
        if module:
            row["module_address"] = module
        if index is not None:
            row["index"] = index
        self.changes.append(row)
        return self

    def configure(self, base: str, at: dict[str, Any] | None = None, **expressions: Any) -> Plan:
        """The configuration of a resource; in a module where `at` is one, of `module`."""
        extra: dict[str, Any] = {key: expressions.pop(key) for key in ("for_each_expression", "count_expression") if key in expressions}
        provider = expressions.pop("provider", "aws")
        row: dict[str, Any] = {"address": base, "provider_config_key": provider, "expressions": expressions, **extra}
        (self.root if at is None else at)["resources"].append(row)
        return self

    def call(self, name: str, at: dict[str, Any] | None = None, **call: Any) -> dict[str, Any]:
        """A call of a module, whose configuration is given back."""
        module: dict[str, Any] = {"resources": [], "outputs": call.pop("outputs", {})}
        (self.root if at is None else at).setdefault("module_calls", {})[name] = {"source": f"./{name}", "module": module, **call}
        return module

    def tree(self, **more: Any) -> dict[str, Any]:
        """All of it."""
        configuration = {"provider_config": self.providers, "root_module": self.root}
        return {
            "format_version": "1.2",
            "terraform_version": "1.9.8",
            "resource_changes": self.changes,
            "configuration": configuration,
            **more,
        }

    def facts(self, **more: Any) -> Facts:
        """What s3guard makes of it."""
        return terraform.of_bytes(json.dumps(self.tree(**more)).encode(), "plan.json", NOW)


def taken_apart(address: str) -> tuple[str, str, object]:
    """Module, address within it, and key."""
    heads = [address.rfind(head) for head in (".data.", ".aws_", ".awscc_")]
    at = next((place for place in heads if place > 0), -1)
    module, base = (address[:at], address[at + 1 :]) if at > 0 and address.startswith("module.") else ("", address)
    base, _, index = base.partition("[")
    return module, base, json.loads(index[:-1]) if index else None


def rows(facts: Facts) -> dict[str, Bucket]:
    """Buckets by their names."""
    return {bucket.name: bucket for bucket in facts.buckets}


def told(fact: Fact[Any]) -> object:
    """The value of a fact, None of one that is absent, the reason of one that is not known."""
    return fact.value if isinstance(fact, Value) else None if isinstance(fact, Absent) else f"unknown: {fact.reason}"


def is_unknown(fact: Fact[Any], text: str = "") -> bool:
    """Whether a fact is not known, for a reason with this text in it."""
    return isinstance(fact, Unknown) and text in fact.reason


def computed(**more: Any) -> dict[str, Any]:
    """``after_unknown`` of a new bucket since version 4 of the provider: all that AWS computes, logging among it."""
    names = ("acl", "arn", "grant", "id", "lifecycle_rule", "logging", "object_lock_configuration", "policy", "region", "request_payer")
    return {**dict.fromkeys((*names, "server_side_encryption_configuration", "versioning", "website"), True), **more}
