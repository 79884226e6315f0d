"""Frameworks as SARIF taxonomies: their controls as taxa, which rules bear on which, and what the run shows of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from s3guard.controls import by_framework, in_order
from s3guard.model import Control, Report
from s3guard.outputs.sarif.places import TEXT
from s3guard.outputs.sarif.results import Entry
from s3guard.text import shorten, shown


def taxonomies(report: Report) -> list[dict[str, Any]]:
    """A taxonomy for each framework of the report, with the controls that it tells of or that results bear on."""
    titles = {Control(one.framework, one.control): one.title for one in report.controls}
    bearing = {control for result in report.results for control in result.controls}
    found: dict[str, list[dict[str, Any]]] = {}
    for control in sorted({*titles, *bearing}, key=in_order):
        title = shown(titles.get(control, ""))
        text = {"shortDescription": {"text": shorten(title, TEXT)}} if title else {}
        found.setdefault(shown(control.framework), []).append({"id": shown(control.control), **text})
    return [{"name": name, "isComprehensive": False, "taxa": taxa} for name, taxa in found.items()]


def relate(rules: Iterable[dict[str, Any]], entries: Iterable[Entry], known: list[dict[str, Any]]) -> None:
    """Says on each rule to which controls it is relevant."""
    places = {(one["name"], taxon["id"]): (number, at) for number, one in enumerate(known) for at, taxon in enumerate(one["taxa"])}
    bearing: dict[str, dict[tuple[str, str], None]] = {}
    for entry in entries:
        mine = bearing.setdefault(entry.body["ruleId"], {})
        mine.update({(shown(one.framework), shown(one.control)): None for one in entry.source.controls})
    for rule in rules:
        related = [_related(*name, *places[name]) for name in bearing.get(rule["id"], {})]
        if related:
            rule["relationships"] = related


def _related(framework: str, control: str, number: int, at: int) -> dict[str, Any]:
    target = {"id": control, "index": at, "toolComponent": {"name": framework, "index": number}}
    return {"target": target, "kinds": ["relevant"]}


def properties(report: Report) -> dict[str, Any]:
    """What the run shows of each control, by framework; nothing where no policy is about one."""
    told = {
        shown(name): {shown(one.control): {"status": shown(one.status), "reason": shorten(shown(one.reason), TEXT)} for one in statuses}
        for name, statuses in by_framework(report).items()
    }
    return {"controls": told} if told else {}
