"""Which resources an expression of a Terraform configuration is made of, followed through modules, outputs and variables.

A plan's configuration names what an expression refers to and not how: ``aws_s3_bucket.logs.id`` and ``"${aws_s3_bucket.logs.id}"`` are
the same there. So this is asked for identities alone (a bucket, a policy document), never for texts that are made with one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from s3guard.audit.terraform.plan import ANY, Key, Plan, Resource, Scope, Step, names

_INDEX: Final = r'(?:\[("(?:[^"\\]|\\.)*"|[0-9]+)\])?'
_MODULE: Final = re.compile(rf"module\.([^.\[\]]+){_INDEX}(?:\.([^.\[\]]+))?")
_RESOURCE: Final = re.compile(rf"((?:data\.)?[^.\[\]]+)\.([^.\[\]]+){_INDEX}(?:\.([^.\[\]]+))?")
MEANT: Final = frozenset({"id", "bucket", "json"})
"""Attributes that stand for the resource itself; older plans name none."""
_MOST: Final = 10_000
"""References that are followed for one expression."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A resource that an expression refers to, by what is known of its place."""

    scope: Scope
    base: str
    key: Key

    def fits(self, resource: Resource) -> bool:
        """Whether it may be this instance."""
        steps = zip(self.scope, resource.scope, strict=False)
        return (
            resource.base == self.base
            and names(self.scope) == names(resource.scope)
            and all(ANY in (one.key, other.key) or one.key == other.key for one, other in steps)
            and (self.key is ANY or self.key == resource.key)
        )


class References:
    """The references of one plan."""

    def __init__(self, plan: Plan, through: frozenset[str]) -> None:
        """`through` are types of resources that stand for the bucket that they are about (``aws_s3_bucket_versioning``)."""
        self._plan = plan
        self._through = through
        self._there: dict[tuple[str, Key], list[Resource]] = {}
        for one in plan.resources:
            if not one.is_gone:
                # NOTE: by key as well: thousands of instances of one resource are each joined to thousands.
                for key in (one.key, ANY):
                    self._there.setdefault((one.base, key), []).append(one)

    def instances(
        self, resource: Resource, path: Sequence[str | int], wanted: str, meant: frozenset[str] = MEANT
    ) -> tuple[Resource, ...] | None:
        """The instances of a type that an attribute of a resource may be; None where anything may be.

        `path` leads to the attribute: ``("bucket",)``, ``("logging", 0, "target_bucket")``; `meant` are the attributes of the type by which
        it is referred to.
        """
        found = self._spots(resource, path, wanted, meant)
        if found is None:
            return None
        # NOTE: `each.key` may stand in a text beside a resource that has no instances of its own, and choose none.
        met = (one for spot in found for one in (self._fitting(spot) or self._fitting(replace(spot, key=ANY))))
        return tuple(dict.fromkeys(met)) or None

    def _fitting(self, spot: Spot) -> list[Resource]:
        return [one for one in self._there.get((spot.base, spot.key), ()) if spot.fits(one)]

    def _spots(self, resource: Resource, path: Sequence[str | int], wanted: str, meant: frozenset[str]) -> set[Spot] | None:
        """As `instances`, before it is known which instances there are."""
        told = references(self._plan.configured(resource), path)
        walk = _Walk(self._plan, self._through, wanted, meant)
        walk.follow(resource.scope, told, resource.key, self._plan.configured(resource) or {})
        return walk.found if walk.found and not walk.is_lost else None


def references(configured: Mapping[str, Any] | None, path: Sequence[str | int]) -> tuple[str, ...]:
    """What the expression of an attribute refers to, nothing where it is not written."""
    at: Any = (configured or {}).get("expressions") or {}
    for step in path:
        if isinstance(at, dict) and isinstance(step, str):
            at = at.get(step)
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
    return _listed(at)


def _listed(expression: object) -> tuple[str, ...]:
    found = expression.get("references") if isinstance(expression, dict) else None
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


class _Walk:
    """One expression, followed to its ends."""

    def __init__(self, plan: Plan, through: frozenset[str], wanted: str, meant: frozenset[str]) -> None:
        self._meant = {*meant, None}
        self._plan = plan
        self._through = through
        self._wanted = wanted
        self._seen: set[tuple[Scope, str]] = set()
        self.found: set[Spot] = set()
        self.is_lost = False
        """Whether it refers to something that may be any resource."""

    def follow(self, scope: Scope, told: Sequence[str], key: Key, owner: Mapping[str, Any]) -> None:
        """Follow the references of an expression; `owner` is what it stands in, whose instance has this key."""
        is_keyed = any(one.startswith(("each.", "count.")) for one in told)
        for one in longest(told):
            if (scope, one) in self._seen:
                continue
            self._seen.add((scope, one))
            if len(self._seen) > _MOST:
                self.is_lost = True
                return
            self._one(scope, one, key if is_keyed else ANY, owner)

    def _one(self, scope: Scope, told: str, key: Key, owner: Mapping[str, Any]) -> None:
        head = told.partition(".")[0]
        if head == "each" and told.startswith("each.value"):
            self.follow(scope, (*_listed(owner.get("for_each_expression")), "each.key"), key, {})
        elif head in ("each", "count", "path", "terraform", "self", "local"):
            # NOTE: keys and conditions. A plan does not have locals; where nothing else is found beside one, nothing is known.
            return
        elif head == "var":
            self._variable(scope, re.split(r"[.\[]", told)[1])
        elif head == "module":
            self._output(scope, told)
        else:
            self._resource(scope, told, key)

    def _variable(self, scope: Scope, name: str) -> None:
        """What the call of the module gives; at the root a variable is known, so it is not what is open."""
        if not scope:
            return
        above = self._plan.modules.get(names(scope[:-1]))
        call = above.calls.get(scope[-1].name) if above is not None else None
        if isinstance(call, dict):
            self.follow(scope[:-1], _listed((call.get("expressions") or {}).get(name)), scope[-1].key, call)

    def _output(self, scope: Scope, told: str) -> None:
        found = _MODULE.match(told)
        step = None if found is None else Step(found[1], _key(found[2]))
        module = None if step is None else self._plan.modules.get((*names(scope), step.name))
        output = None if module is None or found is None else module.outputs.get(found[3])
        if step is None or not isinstance(output, dict):
            self.is_lost = True
            return
        self.follow((*scope, step), _listed(output.get("expression")), ANY, {})

    def _resource(self, scope: Scope, told: str, key: Key) -> None:
        found = _RESOURCE.match(told)
        if found is None:
            self.is_lost = True
            return
        kind, base = found[1], f"{found[1]}.{found[2]}"
        if kind == self._wanted and found[4] in self._meant:
            own = _key(found[3])
            self.found.add(Spot(scope, base, key if own is ANY else own))
        elif kind in self._through and found[4] in self._meant:
            module = self._plan.modules.get(names(scope))
            configured = module.resources.get(base) if module is not None else None
            self.follow(scope, references(configured, ("bucket",)), key, configured or {})
        else:
            self.is_lost = True


def _key(written: str | None) -> Key:
    found: Key = ANY if written is None else json.loads(written)
    return found


def longest(told: Sequence[str]) -> list[str]:
    """References without those that only lead to another: a plan lists ``x.y[0].id``, ``x.y[0]`` and ``x.y``."""
    shorter = {one[: found.start()] for one in told for found in re.finditer(r"[.\[]", one)}
    return sorted(set(told) - shorter)
