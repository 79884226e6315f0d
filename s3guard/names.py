"""What policies refer to by name (principals, networks, columns, operations, error codes, controls): pydantic types that check it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from s3guard import frameworks, principals
from s3guard.model import Control
from s3guard.problems import FaultError, FaultsError, did_you_mean, quoted
from s3guard.records import COLUMNS, OPERATION_CLASSES, OUTCOMES, error_codes, operations
from s3guard.written import EACH_ONCE, OneOrMany, choice, plain_text

FRAMEWORKS: Final = (*frameworks.names(), *(one for one in frameworks.ids() if one not in frameworks.names()))
"""The names of the compliance frameworks that are shipped: plain ones, which mean the newest version, and those that pin one."""


def _condition(sql: str) -> str:
    from s3guard import conditions  # NOTE: only policies that have SQL pay for the module.

    conditions.check(sql)
    return sql


def _principal(pattern: str) -> str:
    if pattern.startswith("@"):
        raise ValueError(f"{quoted(pattern)} names no list of this policy: `principals` has none of that name, or it stands where none may")
    principals.check(pattern)
    return pattern


def _column(name: str) -> str:
    if name not in COLUMNS:
        hint = did_you_mean(name, COLUMNS) or "; write one such as principal, operation or remote_ip"
        raise ValueError(f"{quoted(name)} is not a column of a record{hint}")
    return name


def _operation(name: str) -> str:
    """A class, a known name or a glob; anything else is an error."""
    if name in OPERATION_CLASSES or name in operations():
        return name
    if re.fullmatch(r"[A-Z0-9_.*?]*[*?][A-Z0-9_.*?]*", name):
        return name
    if re.fullmatch(r"[A-Za-z0-9_.*?]*[*?][A-Za-z0-9_.*?]*", name):
        raise ValueError(f"{quoted(name)} matches no operation: they are written in capitals; write {name.upper()}")
    if re.fullmatch(r"[A-Z0-9]+(\.[A-Z0-9_]+)+", name):
        newer = f"(for one newer than this s3guard write a glob such as {name}*)"
        raise ValueError(f"{quoted(name)} is not a known operation {newer}{did_you_mean(name, operations())}")
    hint = did_you_mean(name, (*OPERATION_CLASSES, *operations()))
    classes = ", ".join(OPERATION_CLASSES)
    raise ValueError(f"{quoted(name)} is not an operation{hint or f'; write a class ({classes}), a name or a glob such as REST.PUT.*'}")


def _error_code(name: str) -> str:
    """A code's name; S3 adds codes, so any name of their shape will do."""
    if name in error_codes():
        return name
    same = {code.lower(): code for code in error_codes()}.get(name.lower())
    if same:
        raise ValueError(f"{quoted(name)} is not an error code; did you mean {same}?")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9._]*", name):
        raise ValueError(f"{quoted(name)} is not an error code; write a name such as AccessDenied")
    return name


def _error_class_or_code(name: str) -> str:
    """``4xx``, ``5xx`` or a code's name."""
    if name in ("4xx", "5xx"):
        return name
    if name[:1].isdigit():
        meant = f"{name[0]}xx" if name[0] in "45" else "4xx, 5xx"
        raise ValueError(f"{quoted(name)} is not an error code; write {meant} or a name such as SlowDown")
    return _error_code(name)


def _network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    text = plain_text(value)
    if text.startswith("@"):
        raise ValueError(f"{quoted(text)} names no list of this policy: `networks` has none of that name, or it stands where none may")
    advice = "write an address or a CIDR such as 203.0.113.0/24 or 2001:db8::/32"
    if "%" in text or re.search(r"/.*[^0-9]", text):
        raise ValueError(f"{quoted(text)} is not a network; {advice}")
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is not a network; {advice}") from error
    if "/" in text and ipaddress.ip_address(text.split("/")[0]) != meant.network_address:
        raise ValueError(f"{quoted(text)} has bits set beyond its prefix; the network is {meant}, a single address has no prefix")
    return meant


def _controls(value: object) -> object:
    """`Control`s of a mapping from framework to one control or several."""
    if isinstance(value, list | tuple) and all(isinstance(item, Control) for item in value):
        return tuple(value)
    if not isinstance(value, Mapping):
        raise ValueError('controls are written by framework, such as {hipaa: ["164.312(b)"]}')  # noqa: TRY004 - see above
    found, faults = [], []
    for framework, written in value.items():
        name = str(framework)
        plain = any(name == known or name.startswith(f"{known}-") for known in FRAMEWORKS)
        hint = "" if plain else did_you_mean(name, FRAMEWORKS)
        if hint or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
            message = f"{quoted(name)} is not a framework{hint or '; write a name in small letters such as hipaa'}"
            faults.append(FaultError(message, path=(name, "[key]")))
        for at, item in enumerate(written if isinstance(written, list | tuple) else (written,)):
            try:
                found.append(Control(name, plain_text(item)))
            except ValueError as error:
                faults.append(FaultError(str(error), path=(name, at)))
    if faults:
        raise FaultsError(faults)
    return tuple(found)


def _by_framework(controls: tuple[Control, ...]) -> dict[str, list[str]]:
    return {
        name: [control.control for control in controls if control.framework == name]
        for name in dict.fromkeys(c.framework for c in controls)
    }


Condition = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(_condition),
    WithJsonSchema({"type": "string", "minLength": 1, "examples": ["operation = 'REST.PUT.OBJECT' AND starts_with(key, 'public/')"]}),
]
"""A SQL condition over the columns of one record."""

Principal = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(_principal),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "examples": ["@readers", "arn:aws:iam::111122223333:role/etl", "account:111122223333", "canonical:owner", "authenticated"],
        }
    ),
]
"""A pattern over requesters."""

Principals = Annotated[tuple[Principal, ...], OneOrMany("principals", empty=True)]
"""Patterns over requesters; an empty list matches nobody."""

Network = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    BeforeValidator(_network),
    PlainSerializer(str, return_type=str, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "minLength": 1, "examples": ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7", "@offices"]}),
]
"""An IPv4 or IPv6 network; an address alone is a network of one."""

Networks = Annotated[tuple[Network, ...], OneOrMany("networks", empty=True)]
"""Networks; an empty list holds no address."""

ColumnName = Annotated[str, BeforeValidator(plain_text), AfterValidator(_column), WithJsonSchema({"type": "string", "enum": list(COLUMNS)})]
"""The name of a column of a record."""

Columns = Annotated[tuple[ColumnName, ...], OneOrMany("columns", empty=True), EACH_ONCE]
"""Columns, each once; none makes one group of everything."""

OperationName = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(_operation),
    WithJsonSchema({"anyOf": [{"enum": [*OPERATION_CLASSES, *sorted(operations())]}, {"type": "string", "pattern": "^[A-Z0-9_.*?]+$"}]}),
]
"""A class of operations, an operation, or a glob over operations."""

Operations = Annotated[tuple[OperationName, ...], OneOrMany("operations")]
"""Operations, at least one."""

AnyOperations = Annotated[tuple[OperationName, ...], OneOrMany("operations", empty=True)]
"""Operations; an empty list matches none."""

ErrorCodes = Annotated[tuple[Annotated[str, BeforeValidator(plain_text), AfterValidator(_error_code)], ...], OneOrMany("error codes")]
"""Error codes by name, at least one."""

ErrorClassesOrCodes = Annotated[
    tuple[Annotated[str, BeforeValidator(plain_text), AfterValidator(_error_class_or_code)], ...], OneOrMany("error codes")
]
"""``4xx``, ``5xx`` and error codes by name, at least one."""

Outcomes = Annotated[
    tuple[Annotated[Literal["served", "refused", "failed"], choice("an outcome", OUTCOMES)], ...],
    OneOrMany("outcomes"),
    EACH_ONCE,
]
"""Outcomes of a record, each once."""

Controls = Annotated[
    tuple[Control, ...],
    BeforeValidator(_controls),
    PlainSerializer(_by_framework, return_type=dict[str, list[str]]),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "examples": [{"hipaa": ["164.312(b)"]}],
        }
    ),
]
"""Controls of frameworks, written as framework to controls."""
