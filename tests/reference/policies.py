"""Random policies, all of them valid, over every rule and every field."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from .narrowing import GROUP_BY

Fields = dict[str, Any]

PRINCIPALS = {
    "records-service": ["arn:aws:iam::111122223333:role/service-role/records-service"],
    "ingest": ["arn:aws:iam::111122223333:role/ingest", "arn:aws:iam::111122223333:user/ingest/batch-*"],
}
NETWORKS = {"offices": ["203.0.113.0/24", "2001:db8::/32"]}
PATTERNS = [
    "@records-service",
    "@ingest",
    "arn:aws:iam::111122223333:role/platform-*",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws-cn:iam::111122223333:role/records-service",
    "arn:aws:sts::111122223333:assumed-role/records-service/i-0123456789abcdef0",
    "arn:aws:sts::111122223333:assumed-role/records-service/i-*",
    "arn:aws:iam::111122223333:user/batch-*",
    "arn:aws:iam::111122223333:user/ingest/batch-7",
    "arn:aws:sts::111122223333:federated-user/f*",
    "account:111122223333",
    "account:aws:999988887777",
    "account:aws-us-gov:999988887777",
    "canonical:owner",
    "canonical:3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61",
    "service:cloudfront.amazonaws.com",
    "oai:E1A2B3C4D5E6F7",
    "authenticated",
]
OPERATIONS = [
    "read",
    "write",
    "delete",
    "list",
    "metadata",
    "unknown",
    "other",
    "REST.GET.*",
    "REST.PUT.OBJECT",
    "*.COPY.*",
    "BATCH.DELETE.OBJECT",
]
KEYS = ["records/*", "exports/*", "*.csv", "odd/?*", "*\u2028*", "records/2026/a b.csv", "new?line", "records/?.csv"]
CONDITIONS = [
    "operation_class = 'read'",
    "starts_with(key, 'exports/')",
    "http_status >= 400 AND error_code IS NOT NULL",
    "error_code = 'AccessDenied' OR error_code = 'NoSuchKey'",
    "bytes_sent > 100000",
    "object_size IS NULL",
    "tls_version = 'TLSv1.2'",
    "user_agent IS NULL",
    "requester IS NULL OR account = '111122223333'",
    "operation IN ('REST.GET.OBJECT', 'REST.PUT.OBJECT')",
    "NOT (operation_class = 'metadata' OR operation_class = 'list')",
    "principal_type = 'role' AND total_time >= 50",
    "outcome = 'served'",
    "network = '198.51.100.0/24' OR network = '2400:cb00::/64'",
    "fields >= 26",
    "referer IS NULL AND operation <> 'REST.HEAD.OBJECT'",
]
GROUPS = ["principal", "operation_class", "operation", "remote_ip", "network", "requester", "account", "principal_type", "key", "bucket"]
RARE_GROUPS = ["tls_version", "user_agent", "signature_version"]
PERS = ["1s", "90s", "10m", "1h", "6h", "1d"]
SHARES = ["1%", "0.05", "12.5%", "50%", "0%"]
CODES = ["5xx", "4xx", "NoSuchKey", "AccessDenied", "SlowDown"]
DENIED_CODES = ["AccessDenied", "SignatureDoesNotMatch", "ExpiredToken", "NoSuchKey"]
CIPHERS = ["AES128-SHA", "ECDHE-RSA-AES128-GCM-SHA256"]
AGENTS = ["*Boto3*", "aws-sdk-*", "curl/?.?", "*quote*", '*"*', "*A", "?*"]
CIDRS = ["@offices", "10.0.0.0/8", "192.0.2.200/32", "2400:cb00::/48", "0.0.0.0/0"]


def some(rng: Random, choices: list[str], most: int = 4) -> list[str]:
    """One to `most` of the choices."""
    return rng.sample(choices, rng.randint(1, min(most, len(choices))))


def perhaps(rng: Random, chance: float, **fields: Any) -> Fields:
    """The fields, or none of them."""
    return fields if rng.random() < chance else {}


def at_least_one(rng: Random, fields: Fields) -> Fields:
    """Some of the fields, at least one."""
    return {name: fields[name] for name in some(rng, list(fields), len(fields))}


def people(rng: Random) -> Fields:
    """Fields of `requesters`, `writers` and `administrators`."""
    return {"allow": some(rng, PATTERNS), **perhaps(rng, 0.2, deny=some(rng, PATTERNS, 2))}


def counted(rng: Random) -> Fields:
    """Fields of `anonymous` and `acl_required`."""
    return perhaps(rng, 0.4, max=rng.choice([0, 1, 3]))


def access_denied(rng: Random) -> Fields:
    """Fields of that rule."""
    codes = perhaps(rng, 0.3, codes=some(rng, DENIED_CODES))
    return perhaps(rng, 0.8, max=rng.choice([0, 1, 5, 20])) | perhaps(rng, 0.7, per=rng.choice(PERS)) | codes


def errors(rng: Random) -> Fields:
    """Fields of that rule."""
    fields = perhaps(rng, 0.7, codes=some(rng, CODES, 3)) | perhaps(rng, 0.7, max_share=rng.choice(SHARES))
    return fields | perhaps(rng, 0.7, per=rng.choice(PERS)) | perhaps(rng, 0.8, min_requests=rng.choice([1, 2, 5, 20]))


def limits(rng: Random) -> Fields:
    """Limits of one time."""
    limit = {name: f"{rng.choice([5, 20, 60, 200, 500])}ms" for name in ("p50", "p90", "p95", "p99", "p99.9", "mean")}
    return at_least_one(rng, {**limit, "max": f"{rng.choice([1, 15, 50])}s"})


def latency(rng: Random) -> Fields:
    """Fields of that rule."""
    fields = at_least_one(rng, {"turn_around_time": limits(rng), "total_time": limits(rng)})
    return fields | perhaps(rng, 0.6, min_requests=rng.choice([1, 2, 5, 20])) | perhaps(rng, 0.6, per=rng.choice(PERS))


def networks(rng: Random) -> Fields:
    """Fields of that rule."""
    return at_least_one(rng, {"allow": some(rng, CIDRS), "deny": some(rng, CIDRS[1:4], 2)})


def transport(rng: Random) -> Fields:
    """Fields of that rule."""
    return perhaps(rng, 0.5, min_tls=rng.choice(["1.0", "1.1", "1.2", "1.3"])) | perhaps(rng, 0.4, deny_ciphers=some(rng, CIPHERS, 1))


def authentication(rng: Random) -> Fields:
    """Fields of that rule."""
    return {"signature_versions": some(rng, ["SigV4", "SigV2", "SigV4A"], 2), "types": some(rng, ["AuthHeader", "QueryString"], 2)}


def operations(rng: Random) -> Fields:
    """Fields of that rule."""
    return at_least_one(rng, {"allow": some(rng, OPERATIONS), "deny": some(rng, OPERATIONS, 2)})


def volume(rng: Random) -> Fields:
    """Fields of that rule."""
    choices = {"requests": rng.choice([1, 5, 20]), "bytes": rng.choice(["1MiB", "5GB", "50GiB"]), "distinct_keys": rng.choice([1, 3, 10])}
    return at_least_one(rng, choices) | perhaps(rng, 0.7, per=rng.choice(PERS))


def schedule(rng: Random) -> Fields:
    """Fields of that rule."""
    hours = rng.choice([["06:00-18:00"], ["00:00-07:30", "20:00-24:00"], ["09:00-12:00"]])
    fields = at_least_one(rng, {"days": some(rng, ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 6), "hours": hours})
    return fields | perhaps(rng, 0.6, time_zone=rng.choice(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]))


def user_agents(rng: Random) -> Fields:
    """Fields of that rule."""
    return at_least_one(rng, {"allow": some(rng, AGENTS), "deny": some(rng, AGENTS, 2)})


def completeness(rng: Random) -> Fields:
    """Fields of that rule."""
    choices = {"max_gap": rng.choice(["1m", "1h", "12h", "3d"]), "min_records": rng.choice([0, 1, 50, 1000])}
    return at_least_one(rng, choices)


MEASURES: dict[str, list[Any]] = {
    "count": [0, 2, 10, 50],
    "sum(bytes_sent)": [0, 100_000, 5_000_000_000],
    "sum(object_size)": [0, 100_000, 5_000_000_000],
    "distinct(key)": [1, 3, 10],
    "distinct(remote_ip)": [1, 3, 6],
    "share(http_status >= 400)": ["1%", "0.2", "90%"],
    "share(error_code = 'AccessDenied' OR tls_version IS NULL)": ["0%", "0.5"],
    "p50(total_time)": [5, 20, 100],
    "p99(turn_around_time)": [50, 500],
    "p99.9(object_size)": [384, 70_000],
}


def custom(rng: Random) -> Fields:
    """Fields of that rule; `min` goes without groups."""
    measure = rng.choice(list(MEASURES))
    fields: Fields = {"where": rng.choice(CONDITIONS), "measure": measure} | perhaps(rng, 0.6, per=rng.choice(PERS[2:]))
    if rng.random() < 0.4:
        values = MEASURES[measure]
        least = rng.randrange(
            1 if str(values[0]) in ("0", "0%") else 0, len(values)
        )  # each list is in ascending order: `max` is never under `min`
        return fields | {"min": values[least]} | perhaps(rng, 0.3, max=values[rng.randrange(least, len(values))])
    return fields | {"max": rng.choice(MEASURES[measure])} | perhaps(rng, 0.6, group_by=some(rng, GROUPS, 2))


RULES: dict[str, Callable[[Random], Fields]] = {
    "requesters": people,
    "writers": people,
    "administrators": people,
    "anonymous": counted,
    "access_denied": access_denied,
    "errors": errors,
    "latency": latency,
    "networks": networks,
    "transport": transport,
    "authentication": authentication,
    "operations": operations,
    "volume": volume,
    "schedule": schedule,
    "acl_required": counted,
    "user_agents": user_agents,
    "completeness": completeness,
    "custom": custom,
}


def narrowing(rng: Random, kind: str) -> Fields:
    """Common fields."""
    fields = perhaps(rng, 0.15, keys=some(rng, KEYS, 2)) | perhaps(rng, 0.15, except_keys=some(rng, KEYS, 2))
    fields |= perhaps(rng, 0.2, operations=some(rng, OPERATIONS, 3)) | perhaps(
        rng, 0.15, outcome=some(rng, ["served", "refused", "failed"], 2)
    )
    fields |= perhaps(rng, 0.1, enabled=rng.random() < 0.7) | perhaps(rng, 0.2, severity=rng.choice(["info", "low", "high"]))
    if kind not in {"custom", "completeness"}:
        columns = GROUPS + (RARE_GROUPS if rng.random() < 0.2 else [])
        fields |= perhaps(rng, 0.15, where=rng.choice(CONDITIONS)) | perhaps(rng, 0.25, group_by=some(rng, columns, 3))
    return fields


def rule(rng: Random, kind: str) -> Fields | list[Fields]:
    """One entry of that kind, or a list of several with ids."""
    entries = [narrowing(rng, kind) | RULES[kind](rng) for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]
    for number, entry in enumerate(entries):
        if number or rng.random() < 0.2:
            entry["id"] = f"{kind.replace('_', '-')}-{number}"
    return entries[0] if len(entries) == 1 and rng.random() < 0.8 else entries


def waiver(rng: Random, kind: str) -> Fields:
    """A waiver of a rule's findings, perhaps expired, perhaps of one principal only."""
    column = "principal" if "principal" in GROUP_BY[kind] else GROUP_BY[kind][0]
    someone: list[Any] = ["arn:aws:iam::111122223333:role/analyst", "arn:aws:iam::111122223333:role/*", "authenticated"]
    someone += [["-", "account:111122223333"], "arn:aws:iam::111122223333:role/some/path/analyst", "arn:aws:iam::111122223333:user/*"]
    matched = {column: rng.choice(someone) if column == "principal" else rng.choice(["*", "?*", "-", ["*.GET.*", "read", "1*", "-"]])}
    return {
        "rule": kind,
        **({"match": matched} if rng.random() < 0.7 else {}),
        "reason": "A migration",
        "ticket": "SEC-1",
        "approved_by": "ciso@example.org",
        "expires": rng.choice(["2020-01-01", "2099-12-31", "2099-12-31"]),
    }


def policy(rng: Random, number: int, buckets: list[str]) -> Fields:
    """A policy over some of the buckets, by name or by glob, and now and then over one that has no records."""
    kinds = rng.sample(list(RULES), rng.randint(2, 7))
    rules = {kind: rule(rng, kind) for kind in kinds}
    fields: Fields = {
        "version": 1,
        "policy": f"policy-{number}",
        "buckets": some(rng, [*buckets, "phi-*", "*", "*.example.org", "no-such-bucket", "nothing-*"], 3),
        "principals": PRINCIPALS,
        "networks": NETWORKS,
        "rules": rules,
    }
    plain = [
        kind
        for kind, entry in rules.items()
        if isinstance(entry, dict) and "id" not in entry and "group_by" not in entry and entry.get("enabled", True)
    ]
    plain = [kind for kind in plain if GROUP_BY[kind]]
    return fields | ({"waivers": [waiver(rng, rng.choice(plain))]} if plain and rng.random() < 0.5 else {})


def written(fields: Fields) -> str:
    """The policy as YAML, as a person might have typed it."""
    text = yaml.dump(fields, Dumper=NoAliases, sort_keys=False, allow_unicode=False, width=1000)
    assert isinstance(text, str)
    return text


class NoAliases(yaml.SafeDumper):
    """Writes every list out in full."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        """Never an anchor."""
        return True


def load(text: str) -> Fields:
    """A policy as plain dicts and lists of text: nothing is typed by YAML."""
    fields = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes text, lists and dicts alone
    assert isinstance(fields, dict)
    return fields
