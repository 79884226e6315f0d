"""The page of a control: what gives evidence for it, how strong, who says so, and what this tool cannot show of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from s3guard import frameworks
from s3guard.page import BOLD, Page

if TYPE_CHECKING:
    # NOTE: see `s3guard.frameworks`: whoever asks for something else reads none.
    from s3guard.frameworks.shape import ControlOf, Evidence, Framework


def find(name: str) -> list[tuple[str, str]]:
    """The framework's id and the control's of every control that a name means, alone (``10.2.1``) or behind its framework (``hipaa …``)."""
    first, _, rest = name.replace("/", " ", 1).replace(": ", " ", 1).partition(" ")
    among = [frameworks.resolved(first.lower())] if rest else list(_newest())
    wanted = (rest or name).strip().lower()
    return [
        (id_, control.id)
        for id_ in among
        if id_ is not None
        for control in frameworks.load(id_).controls
        if control.id.lower() in (wanted, f"a.{wanted}")
    ]


def names() -> list[str]:
    """Every control behind its framework, of the newest version of each."""
    return [f"{frameworks.plain(id_)} {control.id}" for id_ in _newest() for control in frameworks.load(id_).controls]


def _newest() -> Iterator[str]:
    return (id_ for name in frameworks.names() if (id_ := frameworks.resolved(name)) is not None)


def explained(id_: str, control: str, page: Page) -> Iterator[str]:
    """Lines of the page."""
    framework = frameworks.load(id_)
    one = framework.control(control)
    assert one is not None  # noqa: S101 - it was found there
    page = replace(page, gutter=max(page.gutter, len("configuration")))
    yield from page.ends("control", f"{id_} {one.id}", framework.title)
    yield from page.lines("title", one.title)
    for entry in one.evidence:
        yield ""
        yield from evidence(entry, framework, page)
    if one.not_covered is not None:
        yield ""
        yield from page.lines("not shown", one.not_covered)
    yield ""
    yield from page.lines("reading", reading(one))


def evidence(entry: Evidence, framework: Framework, page: Page) -> Iterator[str]:
    """What gives evidence, with its strength and sources."""
    from s3guard.frameworks.shape import PLACES, RUN_EVIDENCE

    yield from page.lines(entry.strength, ", ".join((*entry.rules, *entry.checks, *entry.run)), BOLD)
    for code in entry.run:
        yield from page.lines("", f"{code}: {RUN_EVIDENCE[code]}")
    if entry.days is not None:
        yield from page.lines("how often", f"at least every {entry.days}d, by the `review` of each policy")
    if entry.on is not None:
        yield from page.lines("where", PLACES[entry.on])
    if entry.denies:
        yield from page.lines("which", f"rules that deny {', '.join(entry.denies)}")
    if entry.counts == "judged":
        yield from page.lines("counts", "already that it was looked at: a violation that was found does not speak against the control")
    yield from page.lines("says who", entry.confidence)
    for key in entry.source:
        yield from page.lines("", framework.sources[key].told)


def run_evidence() -> list[str]:
    """The names of what a run is evidence of beside its results."""
    from s3guard.frameworks.shape import RUN_EVIDENCE

    return list(RUN_EVIDENCE)


def run_explained(name: str, page: Page) -> Iterator[str]:
    """Lines of the page of such a name."""
    from s3guard.frameworks.shape import RUN_EVIDENCE

    yield from page.ends("evidence", name, "of a run, beside its results")
    yield from page.lines("what", RUN_EVIDENCE[name])
    found = (
        (id_, control.id) for id_ in _newest() for control in frameworks.load(id_).controls if any(name in e.run for e in control.evidence)
    )
    for id_, controls in groupby(found, key=itemgetter(0)):
        yield from page.lines("bears on", f"{id_} {', '.join(one for _, one in controls)}")


def reading(control: ControlOf) -> str:
    """What a status of the control will rest on, in a sentence."""
    asked = sorted(control.asked, reverse=True)
    if not control.evidence:
        return "this tool never tells that it is evidenced"
    if not asked:
        return "this tool tells at most that it is partly evidenced: what it has supports it alone"
    joined = " or ".join(asked) if control.needs == "any" else " and ".join(asked)
    return f"evidenced takes {joined} evidence for every policy that follows the framework, without a reservation"
