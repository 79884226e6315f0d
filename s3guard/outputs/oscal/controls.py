"""What a run shows of controls, as OSCAL's findings: satisfied only where all evidence speaks for a control, and all was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from s3guard.events import is_whole
from s3guard.model import ControlStatus, Evidenced, Report, Result, Status
from s3guard.outputs.oscal.words import id_of, line, markup, prop, token

_UNWHOLE: Final = "not everything could be looked at"


@dataclass(frozen=True, slots=True)
class Judged:
    """A control and the results that bear on it."""

    framework: str
    control: str
    told: ControlStatus | None
    """What the report's matrix says of it; None where it has none, and the results alone do."""
    results: tuple[Result, ...]

    @property
    def token(self) -> str:
        """Its id in OSCAL."""
        return token(self.framework, self.control)


def judged(report: Report) -> tuple[Judged, ...]:
    """The controls on which anything of the report bears: those of its matrix, and those that results name beside it."""
    found: list[Judged] = []
    for one in report.controls:
        results = tuple(result for result in report.results if result.rule in one.results)
        if one.status != Evidenced.NOT_EVIDENCED.value:
            found.append(Judged(one.framework, one.control, one, results))
    if report.controls:
        return tuple(found)
    by_control: dict[tuple[str, str], list[Result]] = {}
    for result in report.results:
        for control in result.controls:
            by_control.setdefault((control.framework, control.control), []).append(result)
    return tuple(Judged(*key, None, tuple(by_control[key])) for key in sorted(by_control))


def findings(report: Report, observed: Mapping[int, Sequence[str]], risks: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """A finding for each control; `observed` and `risks` hold the ids of a result's observations and of its risk, by its place."""
    place = {id(result): number for number, result in enumerate(report.results)}
    for control in judged(report):
        numbers = [place[id(result)] for result in control.results]
        related = [uuid for number in numbers for uuid in observed.get(number, ())]
        risky = [risks[number] for number in numbers if number in risks]
        name = f"{control.framework} {control.control}"
        state, reason, remarks = _state(control, report)
        told = control.told
        title = f"{name}: {told.title}" if told is not None and told.title else name
        target = {
            "type": "objective-id",
            "target-id": control.token,
            "title": markup(title),
            "status": {"state": state, "reason": reason, "remarks": markup(remarks)},
        }
        props = [prop("framework", control.framework), prop("control", control.control)]
        if told is not None:
            said = {"evidence": told.status, "strength": told.strength, "confidence": told.confidence, "run": " ".join(told.run)}
            props += [prop(name, value) for name, value in said.items() if value]
        yield {
            "uuid": id_of("finding", control.framework, control.control),
            "title": markup(title),
            "description": f"Evidence for {markup(name)}: {markup(remarks)}",
            "props": props,
            "target": target,
            **({"related-observations": [{"observation-uuid": uuid} for uuid in related]} if related else {}),
            **({"related-risks": [{"risk-uuid": uuid} for uuid in risky]} if risky else {}),
        }


def _state(control: Judged, report: Report) -> tuple[str, str, str]:
    """State, reason and a sentence; OSCAL has no state for "could not be judged", and that is never satisfied."""
    statuses = {result.status for result in control.results}
    told, reason = control.told, "" if control.told is None else control.told.reason
    if Status.FAIL in statuses or (told is not None and told.status == Evidenced.VIOLATIONS.value):
        return "not-satisfied", "fail", reason or "a check that bears on it found violations"
    said = [told.status] if told is not None and told.status != Evidenced.EVIDENCED.value else []
    undecided = any(result.is_undecided for result in control.results)
    if undecided or not is_whole(report):
        said.append("a check that bears on it could not be judged" if undecided else _UNWHOLE)
    if Status.WAIVED in statuses:
        said.append("violations that bear on it are waived")
    # NOTE: of some controls the run is the evidence: that somebody looked.
    if Status.PASS not in statuses and not said and (told is None or not told.run):
        said.append("no check that bears on it was judged")
    if said:
        return "not-satisfied", "other", " ".join(filter(None, (reason, f"{'; '.join(said)}.")))
    return "satisfied", "pass", reason or "every check that bears on it passed"


def reviewed(report: Report) -> dict[str, Any]:
    """The controls that the run gives evidence about, by framework."""
    groups: dict[str, list[str]] = {}
    for control in judged(report):
        ids = groups.setdefault(control.framework, [])
        if control.token not in ids:
            ids.append(control.token)
    selections = [
        {
            "description": f"Controls of {markup(framework)} that policies and checks give evidence about.",
            "props": [prop("framework", framework)],
            "include-controls": [{"control-id": control} for control in ids],
        }
        for framework, ids in groups.items()
    ]
    # NOTE: OSCAL asks for one control at least, and "all" would be a claim.
    nothing = {"description": "No control: neither the policies nor the checks name one.", "include-controls": [{"control-id": "none"}]}
    return {"description": "Evidence for controls, not a verdict about them.", "control-selections": selections or [nothing]}


def labels(result: Result) -> list[dict[str, str]]:
    """The controls that a result names, as properties."""
    return [prop("control", f"{control.framework} {line(control.control)}") for control in result.controls]
