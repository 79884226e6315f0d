"""The rules that judge one record at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from . import principals
from .lines import Row
from .narrowing import Rule, of_operations
from .units import glob, listed

Policy = dict[str, Any]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def named(entries: Any, names: dict[str, Any] | None) -> list[str]:
    """A list with its "@name" entries replaced by the lists of that name."""
    found: list[str] = []
    for entry in listed(entries):
        found += listed((names or {})[entry[1:]]) if str(entry).startswith("@") else [str(entry)]
    return found


def breaks(kind: str, rule: Rule, policy: Policy, row: Row) -> bool:
    """Whether a row that the rule looks at breaks it."""
    return VERDICTS[kind](rule, policy, row)


def may_not_change(rule: Rule, policy: Policy, row: Row) -> bool:
    """Writers and administrators: an anonymous one is never allowed."""
    return row["requester"] is None or not allowed_principal(rule, policy, row)


def other_signature(rule: Rule, row: Row) -> bool:
    """A signature version or an authentication type that is not allowed; null is none of the allowed ones."""
    versions, types = rule.get("signature_versions"), rule.get("types")
    if versions is not None and row["signature_version"] not in listed(versions):
        return True
    return types is not None and row["authentication_type"] not in listed(types)


def other_operation(rule: Rule, row: Row) -> bool:
    """An operation that is denied, or that is not allowed."""
    operation, operation_class = row["operation"], row["operation_class"]
    if of_operations(operation, operation_class, listed(rule.get("deny"))):
        return True
    return "allow" in rule and not of_operations(operation, operation_class, listed(rule["allow"]))


def other_user_agent(rule: Rule, row: Row) -> bool:
    """A user agent that is denied, or that is not allowed."""
    if any(glob(each, row["user_agent"]) for each in listed(rule.get("deny"))):
        return True
    return "allow" in rule and not any(glob(each, row["user_agent"]) for each in listed(rule["allow"]))


def allowed_principal(rule: Rule, policy: Policy, row: Row) -> bool:
    """Whether the requester matches `allow` and not `deny`."""
    names, requester, owner = policy.get("principals"), row["requester"], row["bucket_owner"]
    if any(principals.matches(each, requester, owner) for each in named(rule.get("deny"), names)):
        return False
    return "allow" not in rule or any(principals.matches(each, requester, owner) for each in named(rule["allow"], names))


def allowed_network(rule: Rule, policy: Policy, remote_ip: str) -> bool:
    """Whether the address lies in `allow` and not in `deny`; what is no address lies nowhere."""
    names = policy.get("networks")
    try:
        address = ip_address(remote_ip)
    except ValueError:
        return False
    if any(address in ip_network(each) for each in named(rule.get("deny"), names)):
        return False
    return "allow" not in rule or any(address in ip_network(each) for each in named(rule["allow"], names))


def tls(version: str) -> tuple[int, int]:
    """`TLSv1.2`, however its letters are written, as (1, 2); what is no TLS version is older than all."""
    major, _, minor = version.lower().removeprefix("tlsv").partition(".")
    return (int(major), int(minor or "0")) if major.isdecimal() and (minor or "0").isdecimal() else (0, 0)


def weak_transport(rule: Rule, row: Row) -> bool:
    """Plain HTTP, an old TLS version, a denied cipher."""
    if row["tls_version"] is None:
        return True
    if tls(row["tls_version"]) < tls(f"tlsv{rule.get('min_tls', '1.2')}"):
        return True
    return row["cipher_suite"] is not None and any(glob(each, row["cipher_suite"]) for each in listed(rule.get("deny_ciphers")))


def outside_hours(rule: Rule, time: int) -> bool:
    """Whether the second lies outside the days and the hours, by the clock of the time zone; an hour range excludes its end."""
    local = datetime.fromtimestamp(time, ZoneInfo(str(rule.get("time_zone", "UTC"))))
    if "days" in rule and DAYS[local.weekday()] not in [str(each).lower()[:3] for each in listed(rule["days"])]:
        return True
    if "hours" not in rule:
        return False
    now = local.hour * 3600 + local.minute * 60 + local.second
    for span in listed(rule["hours"]):
        start, end = (int(each[:2]) * 3600 + int(each[3:5]) * 60 for each in str(span).split("-"))
        if start <= now < end or (end <= start and (now >= start or now < end)):
            return False
    return True


VERDICTS: dict[str, Callable[[Rule, Policy, Row], bool]] = {
    "requesters": lambda rule, policy, row: not allowed_principal(rule, policy, row),
    "writers": may_not_change,
    "administrators": may_not_change,
    "anonymous": lambda _rule, _policy, row: row["requester"] is None,
    "networks": lambda rule, policy, row: not allowed_network(rule, policy, row["remote_ip"]),
    "transport": lambda rule, _policy, row: weak_transport(rule, row),
    "authentication": lambda rule, _policy, row: other_signature(rule, row),
    "operations": lambda rule, _policy, row: other_operation(rule, row),
    "schedule": lambda rule, _policy, row: outside_hours(rule, row["time"]),
    "acl_required": lambda _rule, _policy, row: bool(row["acl_required"] == "Yes"),
    "user_agents": lambda rule, _policy, row: other_user_agent(rule, row),
}
