"""What bears on which control: results of rules and checks, held against what the frameworks take for evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from s3guard import frameworks
from s3guard.model import Control, Result, Severity, Status
from s3guard.policy import BoundRule, Policy
from s3guard.records import operations
from s3guard.rules import GroupRule, Rule

if TYPE_CHECKING:
    # NOTE: see `s3guard.frameworks`: a run without a framework reads none.
    from s3guard.frameworks.shape import Evidence

STATED: Final = "stated"
"""The confidence of what no framework of ours says, but a policy."""
ACCOUNT: Final = "account:"
"""What the policy of a result about a whole account begins with."""
FOUND: Final = "found violations"
"""Of a check that speaks for a control by having looked: what it found all the same."""
_NARROWING: Final = ("keys", "except_keys", "where", "outcome")


class Voice(Enum):
    """What a result says about a control that it bears on."""

    FOR = "for"
    PART = "part"
    """For it, with a reservation."""
    AGAINST = "against"
    OPEN = "open"
    """It could not be judged."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """A result that bears on a control."""

    result: Result
    strength: str
    """``direct``, ``configuration`` or ``supporting``."""
    confidence: str
    """``published``, ``interpretation`` or ``stated``."""
    voice: Voice
    reservation: str | None = None
    """A clause about the check: why it speaks for the control with a reservation alone; of a `Voice.FOR`, what is to be said beside."""
    placed: bool = False
    """Whether it is evidence in some buckets alone, so that its lack elsewhere says nothing."""


class Bearings:
    """What bears on the controls of a run's frameworks."""

    def __init__(
        self, policies: Sequence[Policy], wanted: Iterable[str] = (), log_buckets: Collection[str] = (), *, planned: bool = False
    ) -> None:
        """`wanted` are the frameworks that were asked for, by any name (none: all); `log_buckets` those that the audit knows as such.

        `planned` says that the audit looked at what is to be, which is no evidence of what is.
        """
        self._planned = planned
        # NOTE: over thousands of buckets a rule has thousands of results, of which most bear on the same controls.
        self._fitting: dict[tuple[str, str, bool], dict[str, Evidence]] = {}
        self._controls: dict[tuple[str, str, bool, tuple[Control, ...]], tuple[Control, ...]] = {}
        self._narrowed: dict[str, bool] = {}
        self._policies = {one.name: one for one in policies}
        self._rules = {bound.name: bound for one in policies for bound in one.rules}
        self._wanted = frameworks.matching(wanted)
        targets = (one.logging.target.bucket for one in policies if one.logging is not None and one.logging.target is not None)
        self._log_buckets = frozenset((*log_buckets, *(name for name in targets if name is not None)))

    @cached_property
    def followed(self) -> dict[str, tuple[Policy, ...]]:
        """The ids of the frameworks that policies name, sorted, each with these policies."""
        found: dict[str, list[Policy]] = {}
        for one in self._policies.values():
            for id_ in {frameworks.resolved(name) for name in one.frameworks} - {None}:
                if id_ is not None and self.is_wanted(id_):
                    found.setdefault(id_, []).append(one)
        return {id_: tuple(found[id_]) for id_ in sorted(found)}

    def is_wanted(self, framework: str) -> bool:
        """Whether a framework, by its id or by the name that a policy gives it, is asked for."""
        return not self._wanted or framework in self._wanted

    def controlled(self, result: Result) -> Result:
        """The result with all controls that it bears on: those that the policy states, and those of the frameworks that it follows."""
        if result.status is Status.NOT_APPLICABLE:
            return replace(result, controls=tuple(sorted({*self.stated(result)}))) if result.controls else result
        key = (result.policy, result.rule, result.bucket in self._log_buckets, result.controls)
        if key not in self._controls:
            found = {*self.stated(result)}
            for id_, policies in self.followed.items():
                if self._is_of(result, policies):
                    found |= {Control(id_, one) for one in self._of_framework(id_, result)}
            self._controls[key] = tuple(sorted(found))
        controls = self._controls[key]
        return replace(result, controls=controls) if controls or result.controls else result

    def stated(self, result: Result) -> Iterator[Control]:
        """The controls that the policy says its rule gives evidence for, with the ids of the frameworks that we have."""
        for control in result.controls:
            framework = frameworks.resolved(control.framework) or control.framework
            if self.is_wanted(framework):
                yield Control(framework, control.control)

    def of(self, id_: str, results: Sequence[Result]) -> dict[str, list[Bearing]]:
        """What bears on each control of a framework, by the control's id."""
        found: dict[str, list[Bearing]] = {}
        for result in results:
            if not self._is_of(result, self.followed[id_]):
                continue
            alike: dict[tuple[str, str, str, str | None], Bearing] = {}
            for control, entry in self._of_framework(id_, result).items():
                key = (entry.strength, entry.confidence, entry.counts, entry.on)
                if key not in alike:
                    alike[key] = self._bearing(result, entry)
                found.setdefault(control, []).append(alike[key])
        return found

    def _is_of(self, result: Result, policies: Sequence[Policy]) -> bool:
        # NOTE: what is true of an account is so for every policy over its buckets.
        return result.policy.startswith(ACCOUNT) or any(one.name == result.policy for one in policies)

    def _of_framework(self, id_: str, result: Result) -> dict[str, Evidence]:
        """The entries that take a result for evidence, by control; the strongest of a control alone."""
        if result.status is Status.NOT_APPLICABLE:
            return {}
        key = (id_, result.rule, result.bucket in self._log_buckets)
        if key not in self._fitting:
            self._fitting[key] = dict(self._found(id_, result))
        return self._fitting[key]

    def _found(self, id_: str, result: Result) -> Iterator[tuple[str, Evidence]]:
        bound = self._rules.get(result.rule)
        if bound is not None and bound.rule.trusts() is not None:
            return
        name = result.kind if result.is_of_records else result.rule.rpartition("/")[2]
        for control, entries in _by_name(id_).get(name, {}).items():
            fitting = next((one for one in entries if self._fits(one, result, bound)), None)
            if fitting is not None:
                yield control, fitting

    def _fits(self, entry: Evidence, result: Result, bound: BoundRule | None) -> bool:
        if entry.on == "log-bucket" and result.bucket not in self._log_buckets:
            return False
        return not entry.denies or (bound is not None and all(_denies(bound.rule, name) for name in entry.denies))

    def _bearing(self, result: Result, entry: Evidence) -> Bearing:
        bound = self._rules.get(result.rule)
        voice, reservation = _voice(result, entry.counts)
        if bound is not None and result.rule not in self._narrowed:
            self._narrowed[result.rule] = self._is_narrowed(bound, result)
        if voice is Voice.FOR and self._narrowed.get(result.rule):
            voice, reservation = Voice.PART, "looks at a part of the requests alone"
        if voice is Voice.FOR and self._planned and not result.is_of_records:
            voice, reservation = Voice.PART, "is of a plan, not of what is there"
        return Bearing(result, entry.strength, entry.confidence, voice, reservation, placed=entry.on is not None)

    def _is_narrowed(self, bound: BoundRule, result: Result) -> bool:
        """Whether a rule leaves requests out that no rule of its kind in the policy takes up."""
        rule = bound.rule
        narrowing = [name for name in _NARROWING if getattr(rule, name)]
        if rule.operations and not isinstance(rule, GroupRule):
            return True
        if not narrowing:
            return False
        return narrowing[0] not in ("keys", "except_keys") or len(narrowing) > 1 or not self._is_whole(bound, result)

    def _is_whole(self, bound: BoundRule, result: Result) -> bool:
        """Whether rules of one kind share all keys among them: some take `keys`, one takes all others."""
        kin = [one.rule for one in self._policies[result.policy].rules if one.rule.kind == bound.rule.kind]
        plain = [one for one in kin if not (one.where or one.outcome or one.operations) and one.trusts() is None]
        taken = {glob for one in plain if one.keys and not one.except_keys for glob in one.keys}
        return any(one.except_keys and not one.keys and set(one.except_keys) <= taken for one in plain)


@cache
def _by_name(framework: str) -> Mapping[str, Mapping[str, list[Evidence]]]:
    """The entries of a framework by the kind of rule or the id of the check, then by control, the strongest first."""
    from s3guard.frameworks.shape import STRENGTHS

    found: dict[str, dict[str, list[Evidence]]] = {}
    for control in frameworks.load(framework).controls:
        for one in sorted(control.evidence, key=lambda one: STRENGTHS.index(one.strength)):
            for name in (*one.rules, *one.checks):
                found.setdefault(name, {}).setdefault(control.id, []).append(one)
    return found


def _denies(rule: Rule, name: str) -> bool:
    """Whether a rule `operations` denies a class of operations: by its name, or all of it that changes anything."""
    denied = set(getattr(rule, "deny", None) or ())
    changing = {one.name for one in operations().values() if one.class_ == name and one.mutates}
    return name in denied or (bool(changing) and changing <= denied)


def _voice(result: Result, counts: str) -> tuple[Voice, str | None]:
    """What a result says, and with which reservation: of one that could not look at all it should, a violation alone is said."""
    if result.status is Status.UNDETERMINED:
        return Voice.OPEN, None
    voice, reservation = _decided(result, counts)
    if result.is_undecided and (counts == "judged" or voice is not Voice.AGAINST):
        return Voice.OPEN, None
    return voice, reservation


def _decided(result: Result, counts: str) -> tuple[Voice, str | None]:
    if result.is_of_records and result.records == 0:
        return Voice.PART, "had no record to look at"
    if result.status is Status.PASS:
        return Voice.FOR, None
    voice, reservation = (Voice.PART, "has findings that are waived") if result.status is Status.WAIVED else _failed(result)
    if counts == "judged":
        return Voice.FOR, reservation or FOUND
    return voice, reservation


def _failed(result: Result) -> tuple[Voice, str | None]:
    """What a failed result says: that S3 turned somebody away speaks for a control, that he got in does not."""
    unwaived = [one for one in result.findings if one.waiver is None]
    if result.omitted.findings or not unwaived:
        return Voice.AGAINST, None
    if not result.is_of_records:
        warned = all(one.severity is Severity.LOW for one in unwaived)
        return (Voice.PART, "has warnings") if warned else (Voice.AGAINST, None)
    outcomes = {one.outcome for one in unwaived}
    if outcomes == {"refused"}:
        return Voice.FOR, "found attempts, which S3 refused"
    if outcomes <= {"refused", "failed"}:
        return Voice.PART, "found attempts that failed"
    return Voice.AGAINST, None
