"""A bucket policy taken apart into its statements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from s3guard.audit.facts import NotKnownError

_KINDS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ELEMENTS: Final = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"})
ANYBODY: Final = ("*", "*")
"""What ``"Principal": "*"`` becomes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator over one key."""

    operator: str
    key: str
    values: tuple[str, ...]
    """Booleans and numbers as JSON writes them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; of each pair (`principals`, `not_principals`) exactly one is there, the other is None."""

    name: str
    """Its Sid, or ``#2`` by its place where it has none."""
    effect: Literal["Allow", "Deny"]
    principals: tuple[tuple[str, str], ...] | None
    """Kind (``AWS Service Federated CanonicalUser``, no other) and name; `ANYBODY` for ``*``."""
    not_principals: tuple[tuple[str, str], ...] | None
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    conditions: tuple[Condition, ...]


def statements(policy: str | None, partition: str = "aws") -> tuple[Statement, ...]:
    """The statements of a policy's text, none where there is no policy; NotKnownError where IAM's grammar is not kept."""
    if policy is None:
        return ()
    try:
        # NOTE: CloudFormation's partition is known, and the one symbol that nearly every ARN of a template holds.
        document = json.loads(policy.replace("${AWS::Partition}", partition), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotKnownError("the bucket policy is no JSON") from error
    found = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise NotKnownError("the bucket policy has no statements")
    return tuple(_statement(one, place) for place, one in enumerate(found, 1))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; NotKnownError where a key stands twice, since nobody can tell which of the two counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotKnownError("the bucket policy has a key twice in one place")
    return found


def _statement(said: object, place: int) -> Statement:
    if not isinstance(said, dict):
        raise NotKnownError(f"statement #{place} of the bucket policy is no object")
    name = str(said.get("Sid") or f"#{place}")
    effect = said.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise NotKnownError(f"statement {name} of the bucket policy has no Effect that IAM knows")
    pairs = [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
    for one, other in pairs:
        if (one in said) is (other in said):
            raise NotKnownError(f"statement {name} of the bucket policy needs one of {one} and {other}")
    if not _ELEMENTS.issuperset(said):
        raise NotKnownError(f"statement {name} of the bucket policy has an element that IAM does not know")
    try:
        return Statement(
            name,
            effect,
            _principals(said.get("Principal")),
            _principals(said.get("NotPrincipal")),
            _texts(said.get("Action")),
            _texts(said.get("NotAction")),
            _texts(said.get("Resource")),
            _texts(said.get("NotResource")),
            tuple(_conditions(said.get("Condition") or {})),
        )
    except (TypeError, AttributeError) as error:
        raise NotKnownError(f"statement {name} of the bucket policy does not keep IAM's grammar") from error


def _principals(said: object) -> tuple[tuple[str, str], ...] | None:
    if said is None:
        return None
    if said == "*":
        return (ANYBODY,)
    if not isinstance(said, dict) or not set(said) <= _KINDS:
        raise TypeError("no principal")
    return tuple((str(kind), name) for kind, names in said.items() for name in _texts(names) or ())


def _texts(said: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - JSON
    if said is None:
        return None
    found = said if isinstance(said, list) else [said]
    if not all(isinstance(one, str) for one in found):
        raise TypeError("no texts")
    return tuple(found)


def _conditions(said: Mapping[str, Any]) -> Iterator[Condition]:
    for operator, keys in said.items():
        for key, values in keys.items():
            found = values if isinstance(values, list) else [values]
            yield Condition(operator, key, tuple(one if isinstance(one, str) else json.dumps(one) for one in found))
