"""What the waivers and tests of a policy refer to: its rules, and the fields of their subjects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Final

from s3guard import principals
from s3guard.nodes import Listing, Mapping, Node, Scalar
from s3guard.problems import Place, Problems, did_you_mean, quoted
from s3guard.records import COLUMNS

AUDIT_CHECK: Final = re.compile(r"logging/SAL-[0-9]{3}")
"""The name of a check of the logging configuration, within its policy."""
BY_PRINCIPAL: Final = ("principal", "requester")
"""Fields of a subject that patterns over principals match."""
SUBJECT_MISSING: Final = "-"
"""What a waiver writes for findings whose subject has no value of the field, as the log does: anonymous ones, by principal."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a rule, whether it has faults or not."""

    subject: tuple[str, ...] | None
    """The columns of its subject; None where nobody can say."""
    enabled: bool


@dataclass(frozen=True, slots=True)
class Referable:
    """The rules of a policy, as far as they are known."""

    rules: MappingOf[str, Known]
    """By name within the policy."""
    unnamed: frozenset[str] = frozenset()
    """Kinds of rules of which an entry has no name that can be read, so that nothing is said of names that may be theirs."""
    is_whole: bool = True
    """Whether all that the policy extends is known."""

    def problem(self, name: str) -> str | None:
        """What is wrong with a name that is none of a rule; None where it is one, or may be."""
        if name in self.rules or not self.is_whole or name.partition("/")[0] in self.unnamed:
            return None
        return f"no rule of this policy is named {quoted(name)}{did_you_mean(name, self.rules) or f'; it has {_some(sorted(self.rules))}'}"


def check_waivers(document: Mapping, known: Referable, problems: Problems) -> None:
    """Every waiver of a document names a rule of the policy, fields of its subject, and patterns that can match them.

    Asked of the nodes, so that a waiver with other faults is looked at as well; its shape is not looked at here.
    """
    for waiver in _entries(document, "waivers"):
        rule = None
        for place, name in _texts(waiver.values.get("rule")):
            rule = known.rules.get(name)
            if not AUDIT_CHECK.fullmatch(name):
                _add(problems, place, known.problem(name))
        match = waiver.values.get("match")
        if isinstance(match, Mapping):
            _check_match(match, None if rule is None else rule.subject, _name_of(waiver), problems)


def _entries(document: Mapping, key: str) -> Iterator[Mapping]:
    """The mappings of a list."""
    listing = document.values.get(key)
    yield from (item for item in (listing.items if isinstance(listing, Listing) else ()) if isinstance(item, Mapping))


def _texts(node: Node | None) -> Iterator[tuple[Place, str]]:
    """The texts of one or many, each with its place; what is none is left out."""
    for item in node.items if isinstance(node, Listing) else (node,):
        if isinstance(item, Scalar) and item.text is not None and item.text.strip():
            yield item.place, item.text


def _name_of(waiver: Mapping) -> str:
    return next((name for _, name in _texts(waiver.values.get("rule"))), "")


def _add(problems: Problems, place: Place, message: str | None) -> None:
    if message:
        problems.add(place, message)


def _check_match(match: Mapping, subject: tuple[str, ...] | None, rule: str, problems: Problems) -> None:
    """`subject` is None where the rule's is not known: then only patterns are looked at."""
    fields = subject or tuple(COLUMNS)
    for name, patterns in match.values.items():
        if subject is not None and name not in fields:
            has = f"; the subject of `{rule}` has {', '.join(fields)}" if subject else ""
            problems.add(match.keys[name], f"{quoted(name)} is no field of the rule's subject{did_you_mean(name, fields) or has}")
        elif name in BY_PRINCIPAL and not AUDIT_CHECK.fullmatch(rule):
            # NOTE: whom a bucket policy names is none that a log does: `*`, the root of an account.
            for place, pattern in _texts(patterns):
                _add(problems, place, _fault_of(pattern, fields))


def _fault_of(pattern: str, fields: Sequence[str]) -> str | None:
    """What is wrong with a principal pattern of a waiver; None where it is good."""
    if pattern == SUBJECT_MISSING:
        return None
    if pattern == "canonical:owner" and "bucket_owner" not in fields:
        return "a finding does not say who owns its bucket; write the owner's canonical:64-hex, or group the rule by bucket_owner as well"
    try:
        principals.check(pattern)
    except ValueError as error:
        return str(error)
    return None


def check_tests(document: Mapping, known: Referable, problems: Problems) -> None:
    """Every test has a name of its own and expects one status each of rules that the policy judges.

    Asked of the nodes, so that a test with other faults is looked at as well; its shape is not looked at here.
    """
    names: set[str] = set()
    for test in _entries(document, "tests"):
        for place, name in _texts(test.values.get("name")):
            if name in names:
                problems.add(place, f"another test is named {quoted(name)}")
            names.add(name)
        expected: set[str] = set()
        expect = test.values.get("expect")
        for rules in expect.values.values() if isinstance(expect, Mapping) else ():
            for place, name in _texts(rules):
                rule = known.rules.get(name)
                if name in expected:
                    problems.add(place, f"{quoted(name)} is expected twice")
                elif rule is not None and not rule.enabled:
                    problems.add(place, f"`{name}` is switched off (`enabled: false`), so nothing can be expected of it")
                else:
                    _add(problems, place, known.problem(name))
                expected.add(name)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:8])}{' and others' if len(names) > 8 else ''}" or "none"
