"""YAML to policies that the kernel can judge by; every error says file, line and column, and what was probably meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from s3guard.binding import Binder, Placed, merged_section
from s3guard.declaration import Declaration, Logging, PolicyTest, Review, Waiver
from s3guard.drafts import Draft, Library, is_installed, policy_files
from s3guard.extends import Stack, stack_of
from s3guard.globs import is_glob, matches
from s3guard.model import Control, Location, PolicyFile, UsageError
from s3guard.nodes import Mapping as Entries
from s3guard.nodes import Node, find, plain
from s3guard.problems import Place, PolicyError, Problem, Problems, did_you_mean, few_guesses, quoted
from s3guard.references import Known, Referable, check_tests, check_waivers
from s3guard.repository import report_root, shown_path
from s3guard.rules import Rule, catalog
from s3guard.wording import report

__all__ = ["BoundRule", "BoundWaiver", "Policy", "PolicyError", "Problem", "load", "read"]

_IMPLIED: Final = "anonymous"
_GUARDED: Final = ("requesters", "writers")
"""Rules over authenticated requests: a policy with one of them also judges anonymous ones."""
_Section = TypeVar("_Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class BoundRule:
    """A rule of a policy that is judged."""

    rule: Rule
    name: str
    """``<policy>/<kind>``, or ``<policy>/<kind>/<id>`` where an id was given."""
    location: Location
    """The rule's line in a file of the repository; of a rule that comes from elsewhere, the line of `extends` that brings it."""
    origin: Place
    """Where the rule is really written."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls that the policy adds to those of the shipped mapping."""
        return self.rule.controls


@dataclass(frozen=True, slots=True)
class BoundWaiver:
    """A waiver of a policy, and where it stands."""

    waiver: Waiver
    location: Location


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with all that it extends, ready to be judged by; survives pickle."""

    name: str
    location: Location
    """Where the policy's name stands."""
    sha256: str
    """Of the bytes of the policy's own file, hex."""
    buckets: tuple[str, ...]
    """Names and globs, as written."""
    rules: tuple[BoundRule, ...]
    """Those that are switched on; none for a policy of logging alone."""
    description: str | None = None
    owner: str | None = None
    frameworks: tuple[str, ...] = ()
    logging: Logging | None = None
    logging_location: Location | None = None
    """Where the policy's own file says `logging`; None where it does not, or another brings it."""
    review: Review | None = None
    waivers: tuple[BoundWaiver, ...] = ()
    tests: tuple[PolicyTest, ...] = ()
    test_locations: tuple[Location, ...] = ()
    """Where each of them stands."""
    disabled: tuple[str, ...] = ()
    """Rules that are switched off, named as in `rules`."""
    mask: tuple[str, ...] = ()
    """Parameters whose values no output shows, in small letters, sorted: those of all layers."""

    @property
    def file(self) -> str:
        """The policy's own file, as reports name it."""
        return self.location.file

    @property
    def as_judged(self) -> PolicyFile:
        """The policy's entry in a report."""
        return PolicyFile(self.name, self.file, self.sha256)

    @property
    def names(self) -> tuple[str, ...]:
        """The buckets that are named in full."""
        return tuple(bucket for bucket in self.buckets if not is_glob(bucket))

    @property
    def globs(self) -> tuple[str, ...]:
        """The buckets that are globs."""
        return tuple(bucket for bucket in self.buckets if is_glob(bucket))

    def applies_to(self, bucket: str) -> bool:
        """Whether a name is the bucket's, or a glob matches it."""
        return any(matches(pattern, bucket) for pattern in self.buckets)


def load(paths: Sequence[Path], root: Path | None = None, *, require: bool = True) -> tuple[Policy, ...]:
    """The policies of files and folders, sorted by name.

    `root` is what reports name paths relative to: by default the git root, else the working directory. A document without
    `buckets` is a pack: it is checked and no policy, and good only in a folder `packs` or where a policy that is loaded extends
    it. With `require`, it is an error that there is no policy.

    Raises `PolicyError` with every problem of every file, and `UsageError` where there is no policy.
    """
    root = root or report_root(Path.cwd())
    policies, problems = read(paths, root)
    if problems:
        raise PolicyError(problems)
    if require and not policies:
        looked = ", ".join(shown_path(path, root) for path in paths)
        raise UsageError(f"no policy in {looked}: only packs, which name no buckets")
    return policies


def read(paths: Sequence[Path], root: Path | None = None) -> tuple[tuple[Policy, ...], tuple[Problem, ...]]:
    """As `load`, but the policies without faults, sorted by name, and every problem of every file, sorted by place."""
    problems = Problems()
    with few_guesses():
        found = _found(paths, root or report_root(Path.cwd()), problems)
    return tuple(sorted((policy for policy in found if policy), key=lambda policy: policy.name)), tuple(problems)


def _found(paths: Sequence[Path], root: Path, problems: Problems) -> list[Policy | None]:
    library = Library(root, problems)
    drafts = [draft for path in policy_files(paths, root, problems) for draft in library.read(path)]
    _check_names(drafts, problems)
    stacks = [stack_of(draft, library, problems) for draft in drafts]
    _check_packs(drafts, stacks, problems)
    kinds = catalog()
    return [_policy(stack, kinds, problems) for stack in stacks]


def _check_names(drafts: Sequence[Draft], problems: Problems) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        if not draft.name:
            continue
        if draft.name in first:
            problems.add(draft.place, f"a policy named {quoted(draft.name)} stands at {first[draft.name].place} already")
        first.setdefault(draft.name, draft)


def _check_packs(drafts: Sequence[Draft], stacks: Sequence[Stack], problems: Problems) -> None:
    """A document without buckets is probably a policy that would judge nothing, unless something says that it is a pack."""
    extended = {id(layer.draft) for stack in stacks for layer in stack.layers[:-1]}
    for draft in drafts:
        if draft.is_pack and not draft.in_packs and id(draft) not in extended:
            problems.add(
                draft.place, "`buckets` is missing: only a pack goes without, in a folder named packs or where a policy extends it"
            )


def _policy(stack: Stack, kinds: Mapping[str, type[Rule]], problems: Problems) -> Policy | None:
    """The policy of the last layer with those below it; None for a pack, and where it has faults, which are problems."""
    own, found = stack.own, problems.beside()
    binder = Binder(stack, kinds, found)
    rules = binder.rules()
    rules = (*rules, *_anonymous(rules, kinds))
    logging, review = _section(stack, "logging", Logging, binder, found), _section(stack, "review", Review, binder, found)
    _check_missing(stack, found)
    known = Referable(_known(binder.known), frozenset(binder.unnamed), stack.is_whole)
    check_waivers(own.node, known, found)
    check_tests(own.node, known, found)
    for problem in found:
        problems.add(*_told(problem, stack))
    if own.is_pack or own.declaration is None or found:
        return None
    return _made(own, own.declaration, stack, [_bound(one, own.declaration.policy) for one in rules], (logging, review))


def _known(rules: Mapping[str, Known]) -> dict[str, Known]:
    """The rules by name, and the one about anonymous requests where others imply it."""
    found = dict(rules)
    if any(name.partition("/")[0] in _GUARDED and known.enabled for name, known in rules.items()):
        found.setdefault(_IMPLIED, Known(catalog()[_IMPLIED].default_group_by, enabled=True))
    return found


def _check_missing(stack: Stack, problems: Problems) -> None:
    """What the whole of a policy lacks, whatever is wrong with its parts."""
    own = stack.own
    if not stack.is_whole:
        return
    review = merged_section(stack.layers, "review")
    if review is not None and "every" not in review.values and not _is_meant("every", review.values):
        problems.add(own.node.place_of("review"), "`every` is missing: how often the logs must be reviewed")
    written = [layer.draft.node.values for layer in stack.layers]
    # NOTE: rules that are no rules are told of elsewhere; only none at all is nothing.
    is_judged = any("logging" in values or not _is_empty(values.get("rules")) for values in written)
    if not (own.is_pack or is_judged or any(_is_meant(key, own.node.values) for key in ("rules", "logging"))):
        problems.add(own.place, "the policy judges nothing: it has neither `rules` nor `logging`")


def _is_empty(rules: Node | None) -> bool:
    return rules is None or (isinstance(rules, Entries) and not rules.values)


def _is_meant(key: str, written: Mapping[str, Node]) -> bool:
    """Whether an unknown key is probably this one, misspelt."""
    return any(name not in Declaration.model_fields and did_you_mean(name, (key,)) for name in written)


def _made(
    own: Draft, declaration: Declaration, stack: Stack, rules: Sequence[BoundRule], kept: tuple[Logging | None, Review | None]
) -> Policy:
    return Policy(
        name=declaration.policy,
        location=Location(own.file, own.place.line),
        sha256=own.sha256,
        buckets=declaration.buckets or (),
        rules=tuple(one for one in rules if one.rule.enabled),
        description=declaration.description,
        owner=declaration.owner,
        frameworks=_frameworks(stack),
        logging=kept[0],
        logging_location=Location(own.file, own.node.keys["logging"].line) if "logging" in own.node.keys else None,
        review=kept[1],
        waivers=tuple(BoundWaiver(waiver, _location(own, "waivers", number)) for number, waiver in enumerate(declaration.waivers)),
        tests=declaration.tests,
        test_locations=tuple(_location(own, "tests", number) for number in range(len(declaration.tests))),
        disabled=tuple(one.name for one in rules if not one.rule.enabled),
        mask=_mask(stack),
    )


def _location(own: Draft, key: str, number: int) -> Location:
    """Where an entry of a list of the policy's own stands."""
    _, place = find(own.node, (key, number))
    return Location(place.file, place.line)


def _anonymous(rules: Sequence[Placed], kinds: Mapping[str, type[Rule]]) -> tuple[Placed, ...]:
    """The rule about anonymous requests that a policy about requesters or writers has, unless it says something else."""
    said = any(one.entry.kind == _IMPLIED == one.entry.id for one in rules)
    guards = [one.entry for one in rules if one.entry.kind in _GUARDED and one.rule.enabled]
    if said or not guards:
        return ()
    rule = kinds[_IMPLIED]()
    return (Placed(rule, replace(guards[0], kind=_IMPLIED, id=_IMPLIED)),)


def _section(stack: Stack, key: str, model: type[_Section], binder: Binder, problems: Problems) -> _Section | None:
    """A section of all layers, merged and validated; None where no layer has it, or where it has faults, which are problems."""
    written = merged_section(stack.layers, key)
    if written is None:
        return None
    node, is_whole = binder.expanded(model, written)
    try:
        return model.model_validate(plain(node))
    except ValidationError as error:
        report(error, model, node, node.place, problems, is_whole=is_whole)
        return None


def _frameworks(stack: Stack) -> tuple[str, ...]:
    """The frameworks of all layers, each once, in the order in which they are met."""
    return tuple(dict.fromkeys(name for layer in stack.layers if layer.draft.declaration for name in layer.draft.declaration.frameworks))


def _mask(stack: Stack) -> tuple[str, ...]:
    """The parameters of all layers."""
    return tuple(sorted({name for layer in stack.layers if layer.draft.declaration for name in layer.draft.declaration.mask}))


def _bound(placed: Placed, policy: str) -> BoundRule:
    entry = placed.entry
    place = entry.layer.via if entry.layer.via and not _is_shown(entry.layer.draft) else entry.place
    return BoundRule(placed.rule, f"{policy}/{placed.rule.name}", Location(place.file, place.line), entry.place)


def _told(problem: Problem, stack: Stack) -> tuple[Place, str]:
    """A problem where its reader can mend it: of a file outside the repository, where the policy's `extends` brings it."""
    for layer in stack.layers:
        if layer.via and layer.draft.file == problem.file and not _is_shown(layer.draft):
            return layer.via, f"{layer.draft.path.name}, line {problem.line}: {problem.message}"
    return Place(problem.file, problem.line, problem.column), problem.message


def _is_shown(draft: Draft) -> bool:
    """Whether the draft's file is one of the repository: it lies there, and not in an environment with s3guard in it."""
    return not Path(draft.file).is_absolute() and not is_installed(draft.path)
