"""What a framework's file holds: controls, what gives evidence for each, how strong, who says so, how long logs are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

RUN_EVIDENCE: Final = {
    "E-RUN": "the run itself: log records were judged by policies whose digests, counts and coverage the report has",
    "E-WAIVE": "waivers that were applied, each with its reason and its last day",
    "E-ALERT": "a channel was told of what is new (--notify)",
    "E-REDACT": "pseudonyms stand for what names people (--redact)",
    "E-REVIEWS": "an evidence pack over a time: the reviews that the policies ask for, each of them found in time",
    "E-PACK": "an evidence pack over a time: the policies as used, log objects with their digests, runs and waivers",
}
"""What a run is evidence of beside its results. An evidence pack shows the last two; a report alone never does."""
PLACES: Final = {"log-bucket": "log buckets alone"}
"""Where alone a rule is evidence: buckets that policies, or the audit, know as the target of access logs."""
STRENGTHS: Final = ("direct", "configuration", "supporting")
"""What was observed in the log; how it was set up when it was looked at; what helps and shows nothing by itself. From the strongest."""

Strength = Literal["direct", "configuration", "supporting"]
Confidence = Literal["published", "interpretation"]
_Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    """A part of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """Where a mapping, or the wording that it interprets, can be looked up."""

    title: _Text
    repo: _Text | None = None
    """On GitHub, ``owner/name``."""
    file: _Text | None = None
    """In the repository."""
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}$")] | None = None
    url: Annotated[str, Field(pattern="^https://")] | None = None
    date: Annotated[str, Field(pattern="^20[0-9]{2}-[0-9]{2}(-[0-9]{2})?$")] | None = None
    """When it was read."""
    own: bool = False
    """Whether the mapping is our reading of a text: evidence that rests on it alone is an interpretation."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Source:
        if (self.repo is None) == (self.url is None) or (self.repo is not None and self.file is None):
            raise ValueError("give `repo` and `file`, or `url`")
        return self

    @property
    def told(self) -> str:
        """For people: title and place."""
        place = self.url or f"github.com/{self.repo}: {self.file}" + (f" at {self.commit[:12]}" if self.commit else "")
        return f"{self.title} ({place}{f', {self.date}' if self.date else ''})"


class Evidence(_Part):
    """What gives evidence for a control, all of one strength and one source."""

    rules: tuple[_Text, ...] = ()
    """Kinds of rules over log records."""
    checks: tuple[Annotated[str, Field(pattern="^SAL-[0-9]{3}$")], ...] = ()
    """Checks of the audit."""
    run: tuple[Literal["E-RUN", "E-WAIVE", "E-ALERT", "E-REDACT", "E-REVIEWS", "E-PACK"], ...] = ()
    """The run itself; see `RUN_EVIDENCE`."""
    strength: Strength
    confidence: Confidence
    source: Annotated[tuple[_Text, ...], Field(min_length=1)]
    """Keys of the framework's `sources`."""
    counts: Literal["passed", "judged"] = "passed"
    """Whether it speaks for the control that a rule found nothing, or already that it has looked (a control that asks for a record or a
    review, which a violation that was found does not disprove)."""
    days: Annotated[int, Field(gt=0)] | None = None
    """Of ``E-REVIEWS``: how far apart the control lets reviews be; None: it leaves that to who is reviewed."""
    on: Literal["log-bucket"] | None = None
    """Where alone it is evidence; see `PLACES`."""
    denies: tuple[_Text, ...] = ()
    """Of rules `operations`: classes of which such a rule must deny all, or one operation at least."""

    @model_validator(mode="after")
    def _claims_what_it_has(self) -> Evidence:
        if not (self.rules or self.checks or self.run):
            raise ValueError("name `rules`, `checks` or `run`")
        if self.checks and self.strength == "direct":
            raise ValueError("a check of the audit looks at the configuration: its evidence is of it, or supports")
        if self.rules and self.strength == "configuration":
            raise ValueError("a rule judges records: its evidence is direct, or supports")
        if (self.on or self.denies) and not self.rules:
            raise ValueError("`on` and `denies` are about `rules`")
        if self.days is not None and self.run != ("E-REVIEWS",):
            raise ValueError("`days` is about `run: [E-REVIEWS]`")
        if self.strength != "supporting" and set(self.run) & {"E-ALERT", "E-REDACT"}:
            raise ValueError("that somebody was told, or names were hidden, supports and shows no control to be met")
        return self


class ControlOf(_Part):
    """One control."""

    id: _Text
    """As the framework numbers it."""
    title: _Text
    """In our own words: the texts are copyrighted."""
    evidence: tuple[Evidence, ...] = ()
    needs: Literal["each", "any"] = "each"
    """Whether both direct evidence and that of the configuration must be there, where the control has both, or one will do."""
    not_covered: _Text | None = None
    """What of it this tool cannot show, and what would."""

    @model_validator(mode="after")
    def _says_something(self) -> ControlOf:
        if not self.evidence and self.not_covered is None:
            raise ValueError("a control without evidence says in `not_covered` why, and what would show it")
        return self

    @property
    def asked(self) -> frozenset[str]:
        """The strengths of evidence, of those that show something by themselves, that the control has."""
        return frozenset(one.strength for one in self.evidence if one.strength != "supporting")


class Days(_Part):
    """How long something is kept."""

    days: Annotated[int, Field(gt=0)]
    because: _Text
    """The control and why, as in ``10.5.1: twelve months``."""
    is_advice: bool = False
    """Whether to break it is a warning: how the framework applies to it is an interpretation."""


class Retention(_Part):
    """How long the framework wants logs and evidence kept."""

    logs: Days | None = None
    """At least; None: the framework names no number."""
    available: Days | None = None
    """Of these, read at once."""
    evidence: Days | None = None
    """What was reviewed, and how: reports and evidence packs."""
    states_maximum: bool = False
    """Whether whoever keeps the logs must say how long at most."""
    note: _Text
    """In words, what the framework says and what is left to its reader."""


class Framework(_Part):
    """One version of a framework."""

    id: _Text
    """Its name with its version: the stem of its file."""
    name: _Text
    """Without the version."""
    version: _Text | None = None
    title: _Text
    sources: dict[str, Source]
    retention: Retention
    controls: Annotated[tuple[ControlOf, ...], Field(min_length=1)]
    not_covered: Annotated[tuple[_Text, ...], Field(min_length=1)]
    """What this tool cannot show of the framework, a sentence each, with what would."""

    @model_validator(mode="after")
    def _is_whole(self, info: ValidationInfo) -> Framework:
        """Names agree, each control stands once, each source is there and none is published that is ours alone."""
        faults = [*self._misnamed(info.context), *self._unsourced()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _misnamed(self, stem: str | None) -> Iterable[str]:
        whole = self.name if self.version is None else f"{self.name}-{self.version}"
        if whole != self.id or stem not in (None, self.id):
            yield f"the file is named {stem}, its id is {self.id}, its name and version {whole}: write one and the same"
        seen = [control.id for control in self.controls]
        yield from (f"control {twice} stands there twice" for twice in sorted({one for one in seen if seen.count(one) > 1}))

    def _unsourced(self) -> Iterable[str]:
        used = set()
        for control in self.controls:
            for one in control.evidence:
                used |= set(one.source)
                missing = [key for key in one.source if key not in self.sources]
                yield from (f"control {control.id}: `sources` has no {key}" for key in missing)
                ours = all(self.sources[key].own for key in one.source if key not in missing)
                if one.confidence == "published" and ours and not missing:
                    yield f"control {control.id}: what rests on our own reading alone is an interpretation"
        yield from (f"source {key} is used by no control" for key in sorted(set(self.sources) - used))

    def control(self, id_: str) -> ControlOf | None:
        """The control of that id; None where the file has none."""
        return next((one for one in self.controls if one.id == id_), None)
