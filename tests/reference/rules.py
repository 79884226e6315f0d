"""Rows and policies to results: the contract's verdicts, the slow way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from . import groups, principals
from .lines import Row, worst_outcome
from .narrowing import Judged, Rule, group_by, look
from .single import Policy, breaks
from .units import enabled, glob, listed

Subject = tuple[tuple[str, Any], ...]
"""The columns of `group_by` and their values, in the order of the columns' names."""
Result = dict[str, Any]
"""`records`, `violations`, `unjudged`, `status`, and `findings` by (subject, outcome)."""
Found = dict[tuple[Subject, str | None], list[Row]]
"""The rows that broke a rule, by subject and outcome."""
Period = tuple[int | None, int | None]
GROUP_RULES = {"access_denied", "errors", "latency", "volume"}
COUNTED = {"anonymous", "acl_required"}


def judge(
    rows: Iterable[Row], policies: Iterable[Policy], since: int | None = None, until: int | None = None, as_of: int | None = None
) -> dict[str, Any]:
    """`results` by (rule name, bucket), and `coverage`; since is inclusive, until exclusive, all three in seconds since 1970."""
    every = list(rows)
    read = [row for row in every if row["status"] != "quarantined"]
    inside = [row for row in read if (since is None or row["time"] >= since) and (until is None or row["time"] < until)]
    buckets: dict[str, list[Row]] = {}
    for row in inside:
        buckets.setdefault(row["bucket"], []).append(row)
    results: dict[tuple[str, str | None], Result] = {}
    for policy in policies:
        results |= judge_policy(policy, buckets, (since, until), as_of)
    counts = {status: sum(row["status"] == status for row in inside) for status in ("ok", "ambiguous")}
    return {
        "results": results,
        "coverage": {
            "records": counts["ok"],
            "ambiguous": counts["ambiguous"],
            "quarantined": len(every) - len(read),
            "outside": len(read) - len(inside),
        },
    }


def judge_policy(policy: Policy, buckets: dict[str, list[Row]], period: Period, as_of: int | None) -> dict[tuple[str, str | None], Result]:
    """The results of one policy over every bucket that it names or matches."""
    results: dict[tuple[str, str | None], Result] = {}
    chosen: dict[str, list[Row]] = {}
    for pattern in [str(each) for each in listed(policy["buckets"])]:
        if "*" not in pattern and "?" not in pattern:
            chosen.setdefault(pattern, buckets.get(pattern, []))
            continue
        found = [bucket for bucket in buckets if glob(pattern, bucket)]
        chosen |= {bucket: buckets[bucket] for bucket in found}
        if not found:
            results[policy["policy"], None] = empty("undetermined")
    entries = entries_of(policy)
    idle = any(kind == "completeness" and str(rule.get("min_records")) == "0" for _, kind, rule in entries)
    for bucket, rows in chosen.items():
        for name, kind, rule in entries:
            if not rows:
                results[name, bucket] = empty("pass" if idle else "undetermined")
            else:
                results[name, bucket] = judge_rule(kind, rule, policy, rows, period)
                conclude(results[name, bucket], name, policy, as_of)
    return results


def entries_of(policy: Policy) -> list[tuple[str, str, Rule]]:
    """Name, kind and fields of every rule that is switched on, `anonymous` included where it is implied."""
    written: dict[str, Any] = dict(policy.get("rules") or {})
    on = {kind for kind, entry in written.items() if any(enabled(rule or {}) for rule in listed(entry) or [{}])}
    said = [rule for rule in listed(written.get("anonymous", [])) or [] if (rule or {}).get("id", "anonymous") == "anonymous"]
    entries = []
    for kind, entry in written.items():
        for rule in [each or {} for each in (listed(entry) or [{}])]:
            if enabled(rule):
                name = f"{policy['policy']}/{kind}"
                entries.append((f"{name}/{rule['id']}" if "id" in rule else name, kind, rule))
    if on & {"requesters", "writers"} and not said:
        entries.append((f"{policy['policy']}/anonymous", "anonymous", {}))
    return entries


def empty(status: str) -> Result:
    """The result where there was nothing to look at."""
    return {"records": 0, "violations": 0, "unjudged": 0, "status": status, "findings": {}}


def judge_rule(kind: str, rule: Rule, policy: Policy, rows: list[Row], period: Period) -> Result:
    """One rule over the rows of one bucket; the status is still open."""
    judged, unjudged = look(kind, rule, rows)
    if kind == "completeness":
        broken = groups.completeness(rule, judged, period)
        subject: Subject = (("bucket", rows[0]["bucket"]),)
        found: Found = {(subject, None): [row for row, _ in judged]} if broken else {}
    elif kind == "custom":
        found = custom(rule, judged, rows, period)
    elif kind in GROUP_RULES:
        found = {
            (subject, None): broken
            for subject, group in grouped(kind, rule, judged).items()
            if (broken := getattr(groups, kind)(rule, group))
        }
    else:
        found = single(kind, rule, policy, judged)
    return {
        "records": len(judged),
        "violations": sum(len(each) for each in found.values()),
        "unjudged": len(unjudged),
        "status": "",
        "findings": {key: summary(each) for key, each in found.items()},
    }


def subject_of(kind: str, rule: Rule, row: Row) -> Subject:
    """Who did what, in the columns of the rule's `group_by`."""
    return tuple(sorted((column, row[column]) for column in group_by(kind, rule)))


def grouped(kind: str, rule: Rule, judged: list[Judged]) -> dict[Subject, list[Judged]]:
    """The judged rows by subject."""
    found: dict[Subject, list[Judged]] = {}
    for row, readings in judged:
        found.setdefault(subject_of(kind, rule, row), []).append((row, readings))
    return found


def single(kind: str, rule: Rule, policy: Policy, judged: list[Judged]) -> Found:
    """The rows that break a rule about single records, by subject and outcome."""
    found: Found = {}
    for row, readings in judged:
        if breaks(kind, rule, policy, row):
            found.setdefault((subject_of(kind, rule, row), worst_outcome(readings)), []).append(row)
    most = int(rule.get("max", 0)) if kind in COUNTED else 0
    return {key: rows for key, rows in found.items() if len(rows) > most}


def custom(rule: Rule, judged: list[Judged], rows: list[Row], period: Period) -> Found:
    """The groups of a custom rule with a window over `max` or under `min`."""
    found: Found = {}
    if "max" in rule:
        for subject, group in grouped("custom", rule, judged).items():
            if broken := groups.custom_max(rule, group):
                found[subject, None] = broken
    if "min" in rule:
        times = groups.seconds(rows)
        start = period[0] if period[0] is not None else min(times)
        end = period[1] if period[1] is not None else max(times) + 1
        low, under = groups.custom_min(rule, judged, start, end)
        if under:
            both = [*found.get(((), None), []), *low]
            found[(), None] = list({id(row): row for row in both}.values())
    return found


def summary(rows: list[Row]) -> dict[str, Any]:
    """How many, and when the first and the last."""
    times = groups.seconds(rows)
    return {"records": len(rows), "first": min(times, default=None), "last": max(times, default=None)}


def conclude(result: Result, name: str, policy: Policy, as_of: int | None) -> None:
    """Set the status: fail with any unwaived finding, undetermined with unjudged rows else, waived with waived findings alone."""
    rule = name.removeprefix(policy["policy"] + "/")
    for (subject, _), finding in result["findings"].items():
        finding["waived"] = waived(rule, subject, policy, as_of)
    if not all(finding["waived"] for finding in result["findings"].values()):
        result["status"] = "fail"
    elif result["unjudged"]:
        result["status"] = "undetermined"
    else:
        result["status"] = "waived" if result["findings"] else "pass"


def waived(rule: str, subject: Subject, policy: Policy, as_of: int | None) -> bool:
    """Whether a waiver that still holds matches the finding."""
    today = datetime.fromtimestamp(as_of, UTC).date() if as_of is not None else date.min
    for waiver in listed(policy.get("waivers")):
        if waiver["rule"] == rule and today <= date.fromisoformat(str(waiver["expires"])):
            match = waiver.get("match") or {}
            if all(
                any(waiver_value(column, str(one), dict(subject)[column]) for one in listed(wanted)) for column, wanted in match.items()
            ):
                return True
    return False


def waiver_value(column: str, pattern: str, value: Any) -> bool:
    """Whether a value of a subject matches: who asked a principal pattern, a role as any session of it; all else a glob; null only `-`."""
    if value is None:
        return pattern == "-"
    if column not in {"principal", "requester"}:
        return glob(pattern, str(value))
    if pattern == "-":
        return False
    found = principals.parts(str(value))
    if column == "principal" and found is not None and found[1] == "iam" and found[3].startswith("role/"):
        value = f"arn:{found[0]}:sts::{found[2]}:assumed-role/{found[3].removeprefix('role/')}/any session"
    return principals.matches(pattern, str(value), None)
