"""A Terraform plan or state as JSON (``terraform show -json``) taken apart: resources, what is open of them, and their configuration.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from s3guard.audit.unsettled import Pending, Tree
from s3guard.model import UnableError, UsageError

MAX_BYTES: Final = 128 << 20
"""Largest plan, in bytes: looked at before anything is parsed."""
APPLY: Final = Pending("known after apply")
SECRET: Final = Pending("the plan marks it as sensitive, so it is neither judged nor shown")
_DEPTH: Final = 100
_STEP: Final = re.compile(r'module\.([^.\[\]]+)(?:\[("(?:[^"\\]|\\.)*"|[0-9]+)\])?(?:\.|$)')


class _Any:
    """The key of an instance that is not known; it fits every key."""


ANY: Final = _Any()
Key = str | int | _Any | None
"""Of an instance: that of for_each, the number of count, None where there is one only."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a module on the way to a resource."""

    name: str
    key: Key = None


Scope = tuple[Step, ...]
"""The module that something stands in: empty at the root."""


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One instance of a resource as it will be."""

    address: str
    scope: Scope
    type: str
    name: str
    key: Key
    is_data: bool
    values: Mapping[str, Tree]
    is_new: bool
    """Whether it is made by this plan."""
    is_gone: bool
    """Whether it is there no longer, or Terraform no longer says how it is."""
    is_forgotten: bool = False
    """Whether it is still there, and Terraform no longer says how it is."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """How it was."""

    @property
    def base(self) -> str:
        """Its address within its module, without the key of the instance."""
        return f"{'data.' if self.is_data else ''}{self.type}.{self.name}"


@dataclass(frozen=True, slots=True)
class Module:
    """The configuration of one module."""

    resources: Mapping[str, Mapping[str, Any]]
    """By `Resource.base`."""
    outputs: Mapping[str, Any]
    calls: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, or a state."""

    name: str
    """As reports show it."""
    resources: tuple[Resource, ...]
    modules: Mapping[tuple[str, ...], Module]
    """The configuration by the names of the calls that lead to a module; empty where there is none: of a state."""
    providers: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, Any]
    secrets: frozenset[str]
    """Names of variables that are marked as sensitive."""
    is_partial: bool
    """Whether there may be more than it says: planning failed, was narrowed (``-target``), or left something for later."""

    def configured(self, resource: Resource) -> Mapping[str, Any] | None:
        """The configuration of a resource; None where the file does not have it."""
        module = self.modules.get(names(resource.scope))
        return None if module is None else module.resources.get(resource.base)


def names(scope: Scope) -> tuple[str, ...]:
    """The names of the calls that lead to a module."""
    return tuple(step.name for step in scope)


def load(path: Path, name: str) -> Plan:
    """The plan of a file; UnableError where it cannot be read, UsageError where it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnableError(f"could not read the plan {name}: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES >> 20} MiB")
    return parse(content, name)


def parse(content: bytes, name: str) -> Plan:
    """As `load`, from the bytes of a file."""
    try:
        root = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is no JSON; terraform show -json writes it of a plan or a state") from error
    if not isinstance(root, dict) or "format_version" not in root or not ("resource_changes" in root or "values" in root):
        raise UsageError(f"{name} is neither a plan nor a state of terraform show -json")
    if not str(root["format_version"]).startswith(("0.", "1.")):
        raise UsageError(f"{name} is of format {str(root['format_version'])[:20]!r}; this version of s3guard reads 0 and 1")
    try:
        return _plan(root, name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{name} is damaged: it is not as terraform show -json writes it") from error


def _plan(root: Mapping[str, Any], name: str) -> Plan:
    configuration = root.get("configuration") or {}
    above = configuration.get("root_module") or {}
    changes = root.get("resource_changes")
    found = [_changed(one) for one in changes or ()] if changes is not None else list(_of_state(root["values"].get("root_module") or {}, 0))
    known = {one.address for one in found}
    prior = (root.get("prior_state") or {}).get("values") or {}
    # NOTE: data that was read while planning stands in the prior state alone.
    found += [one for one in _of_state(prior.get("root_module") or {}, 0) if one.is_data and one.address not in known]
    return Plan(
        name=name,
        resources=tuple(found),
        modules=dict(_modules(above, ())) if configuration else {},
        providers=_objects(configuration.get("provider_config"), "expressions"),
        variables=_objects(root.get("variables")),
        secrets=frozenset(name for name, one in _objects(above.get("variables")).items() if one.get("sensitive")),
        is_partial=root.get("complete") is False or root.get("errored") is True or bool(root.get("deferred_changes")),
    )


def _changed(said: Mapping[str, Any]) -> Resource:
    change = said["change"]
    actions = set(change["actions"])
    after = change.get("after")
    values = merged(merged(after, change.get("after_unknown"), APPLY), change.get("after_sensitive"), SECRET)
    if not isinstance(values, dict) and not values:
        values = {}
    if not isinstance(values, dict):
        raise TypeError("a resource that is no object")
    return Resource(
        address=_text(said["address"]),
        scope=scope_of(said.get("module_address") or ""),
        type=_text(said["type"]),
        name=_text(said["name"]),
        key=_index(said.get("index")),
        is_data=said.get("mode") == "data",
        values=values,
        is_new="create" in actions,
        is_gone=not actions & {"create", "no-op", "update", "read"},
        is_forgotten="forget" in actions,
        before=_object(change.get("before")),
    )


def _of_state(module: Mapping[str, Any], depth: int) -> Iterator[Resource]:
    """The resources of a state, those of modules below included."""
    if depth > _DEPTH:
        raise ValueError("nested too deep")
    scope = scope_of(module.get("address") or "")
    for said in module.get("resources") or ():
        values = merged(said.get("values") or {}, said.get("sensitive_values"), SECRET)
        if not isinstance(values, dict):
            raise TypeError("a resource that is no object")
        yield Resource(
            address=_text(said["address"]),
            scope=scope,
            type=_text(said["type"]),
            name=_text(said["name"]),
            key=_index(said.get("index")),
            is_data=said.get("mode") == "data",
            values=values,
            is_new=False,
            is_gone=False,
        )
    for child in module.get("child_modules") or ():
        yield from _of_state(child, depth + 1)


def merged(after: Any, marks: Any, mark: Pending, depth: int = 0) -> Tree:  # noqa: ANN401 - JSON
    """A value with what `marks` says of it put in: `mark` wherever that is true."""
    if depth > _DEPTH:
        raise ValueError("nested too deep")
    if marks is True:
        return mark
    if isinstance(marks, dict) and marks and isinstance(after, dict | None):
        there = after or {}
        return {key: merged(there.get(key), marks.get(key), mark, depth + 1) for key in {**there, **marks}}
    if isinstance(marks, list) and marks and isinstance(after, list | None):
        found = after or []
        pairs = (
            (found[at] if at < len(found) else None, marks[at] if at < len(marks) else None) for at in range(max(len(found), len(marks)))
        )
        return [merged(one, its, mark, depth + 1) for one, its in pairs]
    if isinstance(after, dict):
        return {key: merged(one, None, mark, depth + 1) for key, one in after.items()}
    if isinstance(after, list):
        return [merged(one, None, mark, depth + 1) for one in after]
    if after is None or isinstance(after, str | int | float | bool | Pending):
        return after
    raise TypeError("a value that is no JSON")


def scope_of(address: str) -> Scope:
    """The calls of a module's address, ``module.a["x"].module.b[0]``; ValueError where it is none."""
    found: list[Step] = []
    at = 0
    while at < len(address):
        step = _STEP.match(address, at)
        if step is None:
            raise ValueError("no address of a module")
        found.append(Step(step[1], None if step[2] is None else json.loads(step[2])))
        at = step.end()
    return tuple(found)


def _modules(module: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Module]]:
    if len(at) > _DEPTH:
        raise ValueError("nested too deep")
    resources = {_text(one["address"]): one for one in module.get("resources") or ()}
    calls = _objects(module.get("module_calls"), "expressions")
    yield at, Module(_objects(resources, "expressions"), _objects(module.get("outputs")), calls)
    for name, call in calls.items():
        yield from _modules(_object(call.get("module")), (*at, name))


def _object(value: object) -> dict[str, Any]:
    """A JSON object, none being an empty one; TypeError for anything else."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise TypeError("no object")


def _objects(value: object, *within: str) -> dict[str, dict[str, Any]]:
    """An object of objects, those `within` them being objects too."""
    found = {name: _object(one) for name, one in _object(value).items()}
    for one in found.values():
        for key in within:
            _object(one.get(key))
    return found


def _index(value: object) -> Key:
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError("no key of an instance")


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise TypeError("no text")
