"""What a SARIF file must not hold if code scanning is to show it: the judge of our output that knows more than the schema."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

SCHEMA = Path(__file__).parent.parent / "schemas" / "sarif-2.1.0.json"
LINK = re.compile(r"(?<!\\)\[(?:[^\\\[\]]|\\.)*(?<!\\)\]\(([^)]*)\)")
"""A link as the standard reads it in plain text (SARIF 2.1.0, 3.11.6)."""


@cache
def schema() -> Any:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))


def faults(text: str) -> list[str]:
    """Why a reader would refuse the file or show something else than was meant; empty for a good one."""
    try:
        log = json.loads(text)
    except ValueError as error:
        return [f"no JSON: {error}"]
    wrong = [f"schema: {error.message[:200]}" for error in schema().iter_errors(log)]
    return wrong or [*_of_file(text, log), *(fault for run in log["runs"] for fault in _of_run(run))]


def _of_file(text: str, log: dict[str, Any]) -> Iterator[str]:
    if len(gzip.compress(text.encode())) > 10_000_000:
        yield "more than 10 MB compressed"
    if len(log["runs"]) > 20:
        yield "more than 20 runs"
    if re.search(r'"markdown":', text):
        yield "markdown"


def _of_run(run: dict[str, Any]) -> Iterator[str]:
    results, rules = run["results"], run["tool"]["driver"]["rules"]
    if len(results) > 25_000:
        yield "more than 25,000 results"
    for rule in rules:
        yield from _of_rule(rule)
    known = [rule["id"] for rule in rules]
    if len(known) != len(set(known)):
        yield "two rules with one id"
    for result in results:
        yield from _of_result(result, known)
    for name in ("primaryLocationLineHash", "s3guardFinding/v1"):
        counts = Counter(result["partialFingerprints"][name] for result in results)
        yield from (f"fingerprint twice: {fingerprint}" for fingerprint, count in counts.items() if count > 1)
    if re.search(r"\d{4}-\d\d", run.get("automationDetails", {}).get("id", "").rpartition("/")[0]):
        yield "a date in the category"
    for place in _locations(run):
        uri = place["artifactLocation"]["uri"]
        if not uri or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", uri) or re.search(r"[^!-~]|[\\<>\"{}|^`]", uri):
            yield f"no relative URI: {uri}"


def _of_rule(rule: dict[str, Any]) -> Iterator[str]:
    for name in ("shortDescription", "fullDescription"):
        if not 0 < len(rule[name]["text"]) <= 1024:
            yield f"{name} of {rule['id']}"
    if not rule["help"]["text"] or not 0 < len(rule["name"]) <= 255:
        yield f"help or name of {rule['id']}"
    if len(rule["properties"]["tags"]) > 20:
        yield f"tags of {rule['id']}"
    severity = rule["properties"].get("security-severity", "1.0")
    if not isinstance(severity, str) or not 0 < float(severity) <= 10:
        yield f"security-severity of {rule['id']}"


def _of_result(result: dict[str, Any], known: list[str]) -> Iterator[str]:
    message = result["message"]["text"]
    if result["ruleId"] not in known or known[result["ruleIndex"]] != result["ruleId"]:
        yield f"unknown rule {result['ruleId']}"
    if not 0 < len(message) <= 1024:
        yield f"message of {len(message)} characters"
    if not result["locations"] or "startLine" not in result["locations"][0]["physicalLocation"]["region"]:
        yield "no location"
    if (result["kind"] == "fail") == (result["level"] == "none"):
        yield f"level {result['level']} of kind {result['kind']}"
    targets = {str(place["id"]) for place in result.get("relatedLocations", [])}
    yield from (f"link to {target}" for target in LINK.findall(message) if target not in targets)


def _locations(value: Any) -> Iterator[dict[str, Any]]:
    """Every physical location, wherever it stands."""
    if isinstance(value, dict):
        if "artifactLocation" in value:
            yield value
        for item in value.values():
            yield from _locations(item)
    elif isinstance(value, list):
        for item in value:
            yield from _locations(item)
