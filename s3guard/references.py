"""What the waivers and tests of a policy refer to: its rules, and the fields of their subjects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import ValidationError

from s3guard import principals
from s3guard.declaration import PolicyTest, Waiver
from s3guard.nodes import Listing, Mapping, Scalar, find, plain
from s3guard.problems import Place, Problems, did_you_mean, quoted
from s3guard.records import COLUMNS
from s3guard.rules import Rule

AUDIT_CHECK: Final = re.compile(r"logging/SAL-[0-9]{3}")
"""The name of a check of the logging configuration, within its policy."""
_BY_PRINCIPAL: Final = ("principal", "requester")
_SUBJECT_MISSING: Final = "-"
"""What a waiver writes for findings whose subject lacks the field: as the log does."""
_Item = TypeVar("_Item", Waiver, PolicyTest)


@dataclass(frozen=True, slots=True)
class Referable:
    """The rules of a policy, as far as they are known."""

    rules: MappingOf[str, Rule]
    """By name within the policy."""
    faulty: frozenset[str] = frozenset()
    """Kinds of rules that have faults, so that nothing is said of names that may be theirs."""
    is_whole: bool = True
    """Whether all that the policy extends is known."""

    def problem(self, name: str) -> str | None:
        """What is wrong with a name that is none of a rule; None where it is one, or may be."""
        if name in self.rules or not self.is_whole or name.partition("/")[0] in self.faulty:
            return None
        return f"no rule of this policy is named {quoted(name)}{did_you_mean(name, self.rules) or f'; it has {_some(sorted(self.rules))}'}"


def check_waivers(document: Mapping, known: Referable, problems: Problems) -> None:
    """Every waiver of a document names a rule of the policy, fields of its subject, and patterns that can match them.

    Those that have faults of their own are left out.
    """
    for number, waiver in _items(document, "waivers", Waiver):
        path = ("waivers", number)
        if waiver.rule in known.rules:
            _check_match(waiver, known.rules[waiver.rule], path, document, problems)
        elif not AUDIT_CHECK.fullmatch(waiver.rule):
            _add(problems, _text_place(document, (*path, "rule")), known.problem(waiver.rule))


def _items(document: Mapping, key: str, model: type[_Item]) -> Iterator[tuple[int, _Item]]:
    """The items of a list that are good, by number."""
    listing = document.values.get(key)
    for number, node in enumerate(listing.items if isinstance(listing, Listing) else ()):
        with suppress(ValidationError):
            yield number, model.model_validate(plain(node))


def _add(problems: Problems, place: Place, message: str | None) -> None:
    if message:
        problems.add(place, message)


def _check_match(waiver: Waiver, rule: Rule, path: tuple[str | int, ...], document: Mapping, problems: Problems) -> None:
    known = rule.subject or tuple(COLUMNS)
    for name, patterns in (waiver.match or {}).items():
        if name not in known:
            has = f"; the subject of `{rule.name}` has {', '.join(known)}" if rule.subject else ""
            _, key = find(document, (*path, "match", name))
            problems.add(key, f"{quoted(name)} is no field of the rule's subject{did_you_mean(name, known) or has}")
        elif name in _BY_PRINCIPAL:
            for at, pattern in enumerate(patterns):
                _add(problems, _text_place(document, (*path, "match", name, at)), _fault_of(pattern))


def _fault_of(pattern: str) -> str | None:
    """What is wrong with a principal pattern of a waiver; None where it is good."""
    if pattern == _SUBJECT_MISSING:
        return None
    try:
        principals.check(pattern)
    except ValueError as error:
        return str(error)
    return None


def check_tests(document: Mapping, known: Referable, problems: Problems) -> None:
    """Every test has a name of its own and expects one status each of rules that the policy judges.

    Those that have faults of their own are left out.
    """
    names: set[str] = set()
    for number, test in _items(document, "tests", PolicyTest):
        if test.name in names:
            problems.add(_text_place(document, ("tests", number, "name")), f"another test is named {quoted(test.name)}")
        names.add(test.name)
        expected: set[str] = set()
        for place, name in _expected(test, ("tests", number, "expect"), document):
            rule = known.rules.get(name)
            if name in expected:
                problems.add(place, f"{quoted(name)} is expected twice")
            elif rule is not None and not rule.enabled:
                problems.add(place, f"`{name}` is switched off (`enabled: false`), so nothing can be expected of it")
            else:
                _add(problems, place, known.problem(name))
            expected.add(name)


def _expected(test: PolicyTest, path: tuple[str | int, ...], document: Mapping) -> Iterator[tuple[Place, str]]:
    for status, rules in test.expect.items():
        for at, rule in enumerate(rules):
            yield _text_place(document, (*path, status, at)), rule


def _text_place(document: Mapping, path: Sequence[str | int]) -> Place:
    """Where the text at `path` stands; one text in place of a list is its first item."""
    node, place = find(document, path)
    return node.place if isinstance(node, Scalar) else place


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:8])}{' and others' if len(names) > 8 else ''}" or "none"
