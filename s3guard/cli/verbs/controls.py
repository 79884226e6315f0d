"""``s3guard controls``: the controls of compliance frameworks, and what gives evidence for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3guard.cli import choices, ending, options, terminal
from s3guard.cli.options import WRITTEN
from s3guard.model import UsageError
from s3guard.outputs import Options, json_text
from s3guard.page import BOLD, DIM, Page

if TYPE_CHECKING:
    # NOTE: see `s3guard.frameworks`: other verbs read none.
    from s3guard.frameworks.shape import ControlOf, Framework

ORDER = 4
EXAMPLES = """
s3guard controls
s3guard controls --framework pci-dss
s3guard controls 10.2.1.3 --verbose
s3guard controls --framework hipaa --format json
"""

_LEGEND = (
    "direct: seen in log records. configuration: how buckets were set up when s3guard audit looked. supporting: helps, and shows nothing "
    "by itself. SAL-… are checks of the audit, E-… what a run or an evidence pack shows, other names rules of policies; "
    "s3guard explain NAME tells more of each."
)


def controls(
    context: typer.Context,
    names: Annotated[list[str] | None, options.texts("NAMES", "Controls to show, such as 10.2.1.3. [default: all]")] = None,
    *,
    framework: Annotated[
        list[str] | None,
        options.flag(
            "--framework", takes="NAME", panel=options.JUDGED, says="Of this framework: hipaa, pci-dss, pci-dss-4.0.1…; repeatable."
        ),
    ] = None,
    format: Annotated[str | None, options.flag("--format", takes="FORMAT", panel=WRITTEN, says="text or json. [default: text]")] = None,  # noqa: A002 - the flag's name
    color: options.Color = None,
    verbose: options.Trace = False,
) -> int:
    """List the controls of compliance frameworks, and what gives evidence for each.

    Says of each control which rules and checks of the audit bear on it, how strong that evidence is (direct, of the configuration, or
    supporting), and what this tool cannot show. With --verbose, who says so, with sources. No control is met by a log alone.
    """
    from s3guard import frameworks

    try:
        wanted = frameworks.matching(framework or [])
    except ValueError as error:
        raise UsageError(f"--framework: {error}") from error
    # NOTE: of the frameworks that nobody asked for by name, only the newest version is listed.
    ids = sorted(wanted) if wanted else [id_ for name in frameworks.names() if (id_ := frameworks.resolved(name)) is not None]
    found = [(frameworks.load(id_), _named(frameworks.load(id_), names or ())) for id_ in ids]
    _complain(names or (), found)
    look = terminal.options(choices.one_of(context, "color", color or "auto"), choices.of(context).environ)
    if choices.one_of(context, "format", format or "text") == "json":
        terminal.put([json_text([_described(one, several) for one, several in found if several])])
    else:
        terminal.put(f"{line}\n" for line in _listed(found, look, sources=verbose))
    return ending.CLEAN


def _named(framework: Framework, names: Sequence[str]) -> list[ControlOf]:
    from s3guard.explain import control

    found = {id_ for name in names for of, id_ in control.find(name) if of == framework.id} if names else None
    wanted = {name.lower() for name in names}
    return [one for one in framework.controls if found is None or one.id in found or one.id.lower() in wanted]


def _complain(names: Sequence[str], found: Sequence[tuple[Framework, Sequence[ControlOf]]]) -> None:
    """UsageError for a name that is no control's of these frameworks."""
    from s3guard.explain import control
    from s3guard.problems import did_you_mean

    there = {one.id.lower() for _, several in found for one in several}
    for name in names:
        if name.lower() not in there and not any(id_.lower() in there for _, id_ in control.find(name)):
            known = [one.id for framework, _ in found for one in framework.controls]
            raise UsageError(f"there is no control {name!r}{did_you_mean(name, known) or '; s3guard controls lists them'}")


def _described(framework: Framework, several: Sequence[ControlOf]) -> dict[str, Any]:
    """As the framework's file has it; sources, retention and what is not shown too."""
    plain = framework.model_dump(mode="json", exclude={"controls"}, exclude_none=True)
    return {**plain, "controls": [one.model_dump(mode="json", exclude_defaults=True) for one in several]}


def _listed(found: Sequence[tuple[Framework, Sequence[ControlOf]]], look: Options, *, sources: bool) -> Iterator[str]:
    gutter = max((len(one.id) for _, several in found for one in several), default=0)
    page = Page(look.width, look.color, look.ascii, gutter=max(gutter, 14))
    for number, (framework, several) in enumerate(one for one in found if one[1]):
        yield from [""] if number else []
        yield from page.ends(framework.id, framework.title, f"{len(several):,} controls" if len(several) > 1 else "1 control", BOLD)
        yield ""
        for one in several:
            yield from _told(framework, one, page, sources=sources)
        if sources:
            yield ""
            yield from page.lines("retention", framework.retention.note)
            for sentence in framework.not_covered:
                yield from page.lines("not shown", sentence)
    if any(one.evidence for _, several in found for one in several):
        yield ""
        yield from page.lines("read as", _LEGEND, DIM)


def _told(framework: Framework, one: ControlOf, page: Page, *, sources: bool) -> Iterator[str]:
    """A control: its title, and a line for each strength of evidence; with sources all of it."""
    from s3guard.explain import control
    from s3guard.frameworks.shape import STRENGTHS

    yield from page.lines(one.id, one.title, label_style=BOLD)
    if sources:
        for entry in one.evidence:
            yield from control.evidence(entry, framework, page)
    else:
        for strength in STRENGTHS:
            entries = [entry for entry in one.evidence if entry.strength == strength]
            told = dict.fromkeys(name for entry in entries for name in (*entry.rules, *entry.checks, *entry.run))
            if told:
                yield from page.lines(strength, ", ".join(told), DIM)
    if one.not_covered is not None:
        yield from page.lines("not shown", one.not_covered, DIM)
