"""What would mend findings: the remediation of each check's page with the names of the bucket put in; nothing is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from s3guard.audit.checks import Check
from s3guard.audit.expected import Expected, of_policy
from s3guard.audit.facts import Value, is_symbolic
from s3guard.audit.graph import Graph
from s3guard.audit.rows import Bucket, Facts
from s3guard.model import Finding, Result, Status
from s3guard.policy import Policy
from s3guard.text import line_safe, shown

_PLACEHOLDER: Final = re.compile(r"<(bucket|log-bucket|prefix|account|region|days|name)>")
_SAFE: Final = re.compile(r"(?!-|[A-Za-z]+://)[A-Za-z0-9._/=+@:-]*")
"""What means nothing to a shell, to the AWS CLI (options, ``file://``) or to Terraform: anything else stays for a reader to put in."""


_SIMPLE: Final = {
    '{"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}': '{"SimplePrefix": {}}',
    'partitioned_prefix { partition_date_source = "EventTime" }': "simple_prefix {}",
}
"""The key format of the pages, and what stands there instead where log objects are to be named simply."""


def snippets(results: Sequence[Result], facts: Facts, policies: Sequence[Policy], checks: Mapping[str, Check]) -> Iterator[str]:
    """The remediation of every failed result: why, the AWS CLI's commands, Terraform's resources."""
    graph = Graph(facts)
    expected = {policy.name: of_policy(policy) for policy in policies}
    told: set[str] = set()
    for result in results:
        check = checks.get(result.rule.rpartition("/")[2])
        if check is None or result.status is not Status.FAIL:
            continue
        # NOTE: a line of a pipeline's log is obeyed even after a hash.
        yield line_safe(f"# {shown(result.rule)}  {shown(result.bucket or '')}") + "\n"
        yield from (line_safe(f"#   {shown(finding.message)}") + "\n" for finding in result.findings)
        for bucket, source in sorted({_about(result, finding) for finding in result.findings}):
            wanted = expected.get(result.policy)
            text = "".join(_sections(check, _values(bucket, source, graph, wanted)))
            if _is_simple(source or bucket, graph, wanted):
                for partitioned, simple in _SIMPLE.items():
                    text = text.replace(partitioned, simple)
            if text not in told:
                told.add(text)
                yield text
        yield "\n"


def _sections(check: Check, values: Mapping[str, str]) -> Iterator[str]:
    for name in ("CLI", "Terraform"):
        text = check.section(name)
        if text:
            yield f"\n## {name}\n\n"
            yield _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text) + "\n"


def _about(result: Result, finding: Finding) -> tuple[str, str]:
    """The bucket that a finding is about, which one of an account names itself, and the source, of a log bucket."""
    return result.bucket or str(finding.subject.get("bucket") or ""), str(finding.subject.get("source") or "")


def _is_simple(name: str, graph: Graph, expected: Expected | None) -> bool:
    """Whether the policy wants log objects named simply; where it does not say, whether they are."""
    if expected is not None and expected.key_format != "any":
        return expected.key_format == "simple"
    bucket = graph.bucket(name)
    logging = bucket.logging.value if bucket is not None and isinstance(bucket.logging, Value) else None
    form = logging.target_object_key_format if logging is not None else None
    return isinstance(form, Value) and form.value.format == "SimplePrefix"


def _values(name: str, source: str, graph: Graph, expected: Expected | None) -> dict[str, str]:
    """What the placeholders stand for, as far as it is known and harmless."""
    bucket = graph.bucket(name)
    if bucket is None:
        return {}
    is_sink = bool(graph.sources(bucket.name)) or bool(source)
    logged = graph.bucket(source) if source else None
    target = bucket.name if is_sink else (graph.target(bucket) or (expected.target_bucket if expected else None))
    if target == bucket.name and not is_sink:
        target = None
    region = bucket.region.value if isinstance(bucket.region, Value) else None
    found = {
        "bucket": bucket.name if not is_sink or logged is None else logged.name,
        "log-bucket": target,
        "prefix": _prefix(logged or bucket, region, expected),
        "account": bucket.account,
        "region": region,
        "days": str(expected.keep.days) if expected and expected.keep else None,
        # NOTE: Terraform takes no name that begins with a digit, and names of buckets often do.
        "name": re.sub(r"[^a-z0-9_]|^(?=[0-9])", "_", bucket.name.lower()),
    }
    return {name: value for name, value in found.items() if value and not is_symbolic(value) and _SAFE.fullmatch(value)}


def _prefix(bucket: Bucket, region: str | None, expected: Expected | None) -> str:
    asked = expected.prefix_for(bucket.name, bucket.account, region) if expected else None
    return asked if asked is not None else f"{bucket.name}/"
