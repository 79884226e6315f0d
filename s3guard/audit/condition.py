"""Whether a condition of a policy's statement holds for a request of which not everything is known.

Read from IAM's rules, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html: values of one
key are alternatives (for a negated operator, none of them may match); of an absent key, positive operators do not hold, and negated ones,
``…IfExists`` and ``ForAllValues:`` do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

from s3guard.audit.bucket_policy import Condition
from s3guard.audit.likeness import Tokens, lowered, matches, pattern, text
from s3guard.audit.tristate import Tri, all_of, any_of, opposite


class Missing(Enum):
    """Why a key has no value."""

    ABSENT = "absent"
    """The request surely does not have it."""
    OPEN = "open"
    """Nobody knows before the request is made."""


Context: TypeAlias = Mapping[str, tuple[str, ...] | Missing]
"""Values by key in lower case; a key that is not there is open. ``aws:principaltag/`` stands for all that begin so."""

_EXACTLY: Final = frozenset({"StringEquals", "ArnEquals", "ArnLike"})
_PLAIN: Final = re.compile(r"(?:[a-z0-9-]*:){5}[^*?$]*")
"""An ARN with neither wildcards nor symbols."""
_IF_EXISTS: Final = "IfExists"
_SETS: Final = ("ForAllValues:", "ForAnyValue:")
_OPERATOR: Final = re.compile(
    r"String(Not)?(Equals(IgnoreCase)?|Like)|Arn(Not)?(Equals|Like)|Bool|BinaryEquals|(Not)?IpAddress|Null"
    r"|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)"
)
"""IAM's operators, by its own page; of another one, or of one in other letters' case, nobody can tell what it does."""


def holds(condition: Condition, context: Context) -> Tri:
    """Whether the condition holds; None where that depends on what is not known."""
    quantifier = next((one for one in _SETS if condition.operator.lower().startswith(one.lower())), "")
    operator = condition.operator[len(quantifier) :]
    is_lax = operator.endswith(_IF_EXISTS)
    operator = operator.removesuffix(_IF_EXISTS)
    if _OPERATOR.fullmatch(operator) is None:
        return None
    found = _value(condition.key, context)
    if operator == "Null":
        return None if found is Missing.OPEN else any(one.lower() == str(found is Missing.ABSENT).lower() for one in condition.values)
    is_negated = "Not" in operator
    if found is Missing.ABSENT:
        return is_lax or quantifier == "ForAllValues:" or (is_negated and quantifier != "ForAnyValue:")
    if isinstance(found, Missing):
        return None
    each = [any_of(_equals(operator.replace("Not", ""), wanted, value) for wanted in condition.values) for value in found]
    if is_negated:
        each = [opposite(one) for one in each]
    return any_of(each) if quantifier == "ForAnyValue:" else all_of(each)


def _value(key: str, context: Context) -> tuple[str, ...] | Missing:
    lower = key.lower()
    family = lower.partition("/")[0] + "/"
    return context.get(lower, context.get(family, Missing.OPEN) if "/" in lower else Missing.OPEN)


def _equals(operator: str, wanted: str, value: str) -> Tri:
    """Whether one value of the condition matches one of the request; None for operators that are not weighed: numbers, dates, addresses."""
    # NOTE: a policy may list hundreds of sources, so what is the plain case is asked plainly.
    if operator in _EXACTLY and _PLAIN.fullmatch(wanted) and _PLAIN.fullmatch(value):
        return wanted == value
    match operator:
        case "StringEquals":
            return matches(text(wanted), text(value))
        case "StringEqualsIgnoreCase" | "Bool":
            return matches(lowered(text(wanted)), lowered(text(value)))
        case "StringLike":
            return matches(pattern(wanted), text(value))
        case "ArnEquals" | "ArnLike":
            return _is_like_arn(pattern(wanted), text(value))
    return None


def _is_like_arn(wanted: Tokens, value: Tokens) -> Tri:
    """ARNs match part by part: a wildcard does not cross the first five colons. None where the pattern is no ARN."""
    asked, told = _parts(wanted), _parts(value)
    if len(asked) < 6 or len(told) < 6:
        return None
    return all_of(matches(one, other) for one, other in zip(asked, told, strict=True))


def _parts(tokens: Tokens) -> list[Tokens]:
    found: list[Tokens] = []
    start = 0
    for place, token in enumerate(tokens):
        if token == ":" and len(found) < 5:
            found.append(tokens[start:place])
            start = place + 1
    return [*found, tokens[start:]]
