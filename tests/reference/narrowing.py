"""Which rows a rule looks at, which of their readings, and which rows it could not look at."""

from __future__ import annotations

from typing import Any

from . import conditions
from .lines import Row, variants
from .tables import mutates
from .units import glob, listed

Rule = dict[str, Any]
CLASSES = {"read", "metadata", "list", "write", "delete", "tagging", "restore", "acl", "policy", "logging", "config", "lifecycle"}
CLASSES |= {"other", "unknown"}
CHANGES = {
    "writers": {"write", "delete", "tagging", "restore"},
    "administrators": {"acl", "policy", "logging", "config"},
}
GROUP_BY: dict[str, list[str]] = {
    "requesters": ["principal", "operation_class"],
    "writers": ["principal", "operation"],
    "administrators": ["principal", "operation"],
    "anonymous": ["remote_ip", "operation_class"],
    "access_denied": ["remote_ip"],
    "errors": ["operation_class"],
    "latency": ["operation_class"],
    "networks": ["remote_ip", "principal"],
    "transport": ["principal", "tls_version"],
    "authentication": ["principal", "signature_version", "authentication_type"],
    "operations": ["principal", "operation"],
    "volume": ["principal"],
    "schedule": ["principal", "operation_class"],
    "acl_required": ["principal", "operation"],
    "user_agents": ["user_agent", "principal"],
    "completeness": ["bucket"],
    "custom": [],
}
OWN_COLUMNS: dict[str, set[str]] = {
    "transport": {"tls_version", "cipher_suite"},
    "authentication": {"signature_version", "authentication_type"},
    "acl_required": {"acl_required"},
    "user_agents": {"user_agent"},
}
DEFAULT_OPERATIONS = {"latency": ["read", "write"]}
Judged = tuple[Row, list[Row]]
"""A row, and those of its readings that the rule looks at."""


def made_by_s3(row: Row) -> bool:
    """Whether S3 itself made the request: requester, operation, no address and no URI, all four."""
    no_uri = row["request_uri"] is None and "request_uri" not in row["unknown"]
    own = row["requester"] == "AmazonS3" and row["operation"].startswith("S3.")
    return own and row["remote_ip"] is None and no_uri


def in_scope(kind: str, row: Row) -> bool:
    """Whether the kind of rule looks at such a row at all, by the fields that every line has."""
    if kind in {"custom", "completeness"}:
        return True
    if made_by_s3(row):
        return False
    if kind in {"requesters", "authentication"}:
        return row["requester"] is not None
    if kind in CHANGES:
        changes = row["operation_class"] in {"other", "unknown"} and mutates(row["operation"])
        return changes or row["operation_class"] in CHANGES[kind]
    if kind in {"networks", "transport", "schedule"}:
        return row["remote_ip"] is not None
    if kind == "user_agents":
        return row["user_agent"] is not None or "user_agent" in row["unknown"]
    return True


def of_operations(operation: str, operation_class: str, wanted: list[Any]) -> bool:
    """Whether an operation is one of names, globs and classes."""
    return any(operation_class == each if each in CLASSES else glob(each, operation) for each in wanted)


def of_keys(rule: Rule, row: Row) -> bool:
    """Whether the object key is one that the rule looks at."""
    wanted, excepted = listed(rule.get("keys")), listed(rule.get("except_keys"))
    key = row["key"]
    if key is None:
        parent = row["operation"] == "REST.POST.MULTI_OBJECT_DELETE"
        return not wanted and not (parent and excepted)
    if wanted and not any(glob(each, key) for each in wanted):
        return False
    return not any(glob(each, key) for each in excepted)


def absent(row: Row, columns: set[str]) -> bool:
    """Whether one of the columns is not in the line, or not known."""
    return bool(columns & (row["missing"] | row["unknown"]))


def own_columns(kind: str, rule: Rule) -> set[str]:
    """The columns without which a rule of this kind cannot judge."""
    columns = set(OWN_COLUMNS.get(kind, ())) | set(group_by(kind, rule))
    if kind == "custom":
        name, _, inner = str(rule["measure"]).partition("(")
        if inner:
            columns |= conditions.columns(conditions.parse(inner[:-1])) if name == "share" else {inner[:-1].strip()}
    return columns


def group_by(kind: str, rule: Rule) -> list[str]:
    """The columns that make the subject."""
    return [str(each) for each in listed(rule["group_by"])] if "group_by" in rule else GROUP_BY[kind]


def look(kind: str, rule: Rule, rows: list[Row]) -> tuple[list[Judged], list[Row]]:
    """The rows that the rule judges, and those that it should have judged and could not."""
    where = conditions.parse(rule["where"]) if "where" in rule else None
    named, own = (conditions.columns(where) if where is not None else set()), own_columns(kind, rule)
    operations = listed(rule.get("operations", DEFAULT_OPERATIONS.get(kind)))
    outcomes = listed(rule.get("outcome"))
    judged: list[Judged] = []
    unjudged: list[Row] = []
    for row in rows:
        if not in_scope(kind, row) or not of_keys(rule, row):
            continue
        if operations and not of_operations(row["operation"], row["operation_class"], operations):
            continue
        readings = [each for each in variants(row) if not outcomes or each["outcome"] in outcomes]
        if kind == "latency":
            readings = [each for each in readings if any(each[column] is not None for column in limited(rule))]
        if not readings:
            continue
        if absent(row, named):
            unjudged.append(row)
            continue
        readings = [each for each in readings if where is None or conditions.evaluate(where, each) is True]
        if not readings:
            continue
        if absent(row, own):
            unjudged.append(row)
            continue
        judged.append((row, readings))
    return judged, unjudged


def limited(rule: Rule) -> list[str]:
    """The times that a latency rule limits."""
    return [column for column in ("turn_around_time", "total_time") if column in rule]
