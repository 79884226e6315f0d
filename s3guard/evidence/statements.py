"""Whether what signed statements say of a pack is what the pack says itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s3guard.attest import predicates
from s3guard.evidence.manifest import Manifest
from s3guard.evidence.members import MANIFEST, REPORT
from s3guard.evidence.seals import Seal
from s3guard.evidence.untrusted import quoted
from s3guard.model import Report

Fault = tuple[str, str]
"""A member, and a clause that says what is wrong with it."""


def misstatements(sealed: Sequence[Seal], listed: Manifest, report: Report) -> Iterator[Fault]:
    """What statements say otherwise than manifest and report."""
    digest = hashlib.sha256(listed.member().data).hexdigest()
    for seal in sealed:
        if seal.kind == "test-result":
            yield from ((seal.member, one) for one in _tested(seal.said, listed, digest))
        elif seal.kind == "evaluation":
            yield from ((seal.member, one) for one in _evaluated(seal.said, listed, report))
        elif seal.kind == "sign-off":
            yield from ((seal.member, one) for one in _signed_off(seal.said, listed))


def _tested(said: Mapping[str, Any], listed: Manifest, digest: str) -> Iterator[str]:
    is_clean = listed.exit_code == 0
    if said.get("result") not in (("PASSED", "WARNED") if is_clean else ("FAILED",)):
        yield f"says {quoted(said.get('result'))}; the report ended with exit code {listed.exit_code}"
    policies = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(listed.policies.items())]
    if said.get("configuration") not in (policies, [{"name": MANIFEST, "digest": {"sha256": digest}}]):
        yield "names other policies than the manifest"


def _evaluated(said: Mapping[str, Any], listed: Manifest, report: Report) -> Iterator[str]:
    members = {one.path: one.sha256 for one in listed.files}
    wanted: dict[str, tuple[object, ...]] = {
        "status": (listed.status,),
        "exit_code": (listed.exit_code,),
        "as_of": (listed.as_of,),
        "tool": (listed.tool.model_dump(),),
        "period": (listed.period.model_dump(),),
        "policies": (listed.policies, predicates.summed(listed.policies)),
        "members": (members, predicates.summed(members)),
        "results": ({name: count for name, count in report.summary.items() if name != "findings"},),
    }
    for name, meant in wanted.items():
        if said.get(name) not in meant:
            yield f"says of {name} what the manifest and the report do not"


def _signed_off(said: Mapping[str, Any], listed: Manifest) -> Iterator[str]:
    """NOTE: what a reviewer had before him; other tools may have told him less of it."""
    reviewed = said.get("reviewed")
    if not isinstance(reviewed, dict) or any(not isinstance(said.get(name), str) for name in ("reviewer", "decision", "statement", "time")):
        yield "does not say who decided what, when and of what"
        return
    wanted: dict[str, object] = {
        "period": listed.period.model_dump(),
        "status": listed.status,
        "exit_code": listed.exit_code,
        "members": len(listed.files),
        "report_sha256": next((one.sha256 for one in listed.files if one.path == REPORT), None),
    }
    for name, meant in wanted.items():
        if name in reviewed and reviewed[name] != meant:
            yield f"says that the reviewer had {quoted(reviewed[name])} for {name} before him, the manifest says {quoted(meant)}"
