"""Packs that tests make by hand, of one run over a small project, so that each of their bytes can be chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from s3guard import check
from s3guard.attest import Key, dsse, predicates
from s3guard.attest.keys import Ed25519, generate
from s3guard.evidence import archive, manifest
from s3guard.evidence.manifest import Manifest, Period, Promises
from s3guard.evidence.members import MANIFEST, Member
from s3guard.evidence.readme import readme
from s3guard.model import Report
from s3guard.outputs import Options, find, instant

AS_OF = datetime(2026, 10, 2, tzinfo=UTC)
SINCE, UNTIL = datetime(2019, 2, 1, tzinfo=UTC), datetime(2019, 3, 1, tzinfo=UTC)
RUN = "0" * 8


@dataclass(frozen=True)
class Pack:
    """A pack as its parts: change them, then write it."""

    report: Report
    members: Mapping[str, bytes]
    """All but the manifest and what is signed."""
    promises: Promises
    policies: Mapping[str, str]
    signed: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def manifest(self) -> Manifest:
        return Manifest(
            period=Period(since=instant(SINCE), until=instant(UNTIL)),
            as_of=instant(AS_OF),
            status=self.report.status.value,
            exit_code=self.report.exit_code,
            not_looked_at=[],
            policies=dict(self.policies),
            redacted=None,
            state=None,
            promises=self.promises,
            files=manifest.listed([Member(name, data) for name, data in self.members.items()]),
        )

    def sealed(self, key: Ed25519) -> Pack:
        """Signed by s3guard's own key."""
        data, report = self.manifest.member().data, self.report
        test = predicates.judged(data, predicates.Outcome.FAILED if report.exit_code else predicates.Outcome.PASSED, self.policies)
        return replace(
            self,
            signed={
                **self.signed,
                "attestations/0001-test-result.dsse.json": dsse.sign(test, key),
                "attestations/0002-evaluation.dsse.json": dsse.sign(predicates.evaluated(data, self.evaluation()), key),
            },
        )

    def signed_off(self, key: Ed25519, **said: Any) -> Pack:
        """Signed off by somebody."""
        usual = {"reviewer": "Ann Auditor", "role": None, "decision": "reviewed", "statement": "I looked.", "time": "2026-10-03T00:00:00Z"}
        what = predicates.SignOff(**{**usual, "reviewed": {}, **said})
        number = len(self.signed) + 1
        envelope = dsse.sign(predicates.signed_off(self.manifest.member().data, what), key)
        return replace(self, signed={**self.signed, f"attestations/{number:04d}-sign-off.dsse.json": envelope})

    def evaluation(self) -> predicates.Evaluation:
        listed = self.manifest
        return predicates.Evaluation(
            time="2026-10-02T01:00:00Z",
            tool=listed.tool.model_dump(),
            environment={"python": "3.11"},
            period=listed.period.model_dump(),
            as_of=listed.as_of,
            status=listed.status,
            exit_code=listed.exit_code,
            policies=listed.policies,
            members={one.path: one.sha256 for one in listed.files},
            findings={},
            results={name: count for name, count in self.report.summary.items() if name != "findings"},
            coverage={},
        )

    def changed(self, **data: bytes | Callable[[bytes], bytes] | None) -> Pack:
        """With members changed, by name with ``_`` for ``.`` and ``__`` for ``/``; None takes one away. The manifest lists what is."""
        members = dict(self.members)
        for key, value in data.items():
            name = key.replace("__", "/").replace("_", ".")
            if value is None:
                del members[name]
            else:
                members[name] = value(members[name]) if callable(value) else value
        return replace(self, members=members)

    def write(self, path: Path) -> Path:
        members = {**self.members, MANIFEST: self.manifest.member().data, **self.signed}
        archive.write(path, [Member(name, data) for name, data in members.items()], 0)
        return path


def made(project: Path, *logs: str, policies: str = "policies") -> Pack:
    """A pack of one run over logs of a project, which is the working directory."""
    report = check.check(check.Request(logs=logs, policies=[project / policies], as_of=AS_OF, since=SINCE, until=UNTIL))
    report = replace(report, run=replace(report.run, id=RUN, started=AS_OF, finished=AS_OF))
    members = {
        name: "".join(find(output).render(report, Options())).encode()
        for name, output in {"report.json": "json", "report.html": "html", "junit.xml": "junit", "report.sarif": "sarif"}.items()
    }
    files = [project / name for name in sorted(logs)]
    objects = [
        {
            "uri": name,
            "version": None,
            "etag": None,
            "size": len(data := (project / name).read_bytes()),
            "sha256": hashlib.sha256(data).hexdigest(),
            "records": data.count(b"\n"),
            "run": RUN,
        }
        for name in sorted(logs)
    ]
    hours = hours_of(report)
    members |= {
        "objects.jsonl": "".join(f"{json.dumps(one)}\n" for one in objects).encode(),
        "coverage.json": json.dumps(hours).encode(),
        "runs.json": json.dumps(runs_of(report)).encode(),
        "waivers.json": json.dumps({"waivers": []}).encode(),
        "quarantined.jsonl": b"",
        **{f"policies/{path.name}": path.read_bytes() for path in sorted((project / policies).glob("*.yaml"))},
    }
    promises = Promises(
        objects=len(files),
        records=report.coverage.records,
        runs=1,
        hours=sum(len(bucket["hours"]) for bucket in hours["buckets"]),
        quarantined=0,
    )
    bare = Pack(report, members, promises, {one.policy: one.sha256 for one in report.policies})
    return bare.changed(README_txt=readme(bare.manifest, [*members]).data)


def hours_of(report: Report) -> dict[str, Any]:
    buckets = []
    for one in report.coverage.buckets:
        hours = []
        for stretch in one.hours.counts:
            begin = int(stretch.since.timestamp())
            for at, records in enumerate(stretch.records):
                if records:
                    hours.append({"hour": instant(datetime.fromtimestamp(begin + at * one.hours.span, UTC)), "records": records})
        buckets.append({"bucket": one.bucket, "records": one.records, "hours": hours, "gaps": []})
    return {"buckets": buckets}


def runs_of(report: Report) -> dict[str, Any]:
    when = instant(AS_OF)
    run = {"id": RUN, "finished": when, "as_of": when, "exit_code": report.exit_code, "complete": True, "lacking": [], "policies": {}}
    return {"history": False, "policies": [], "found": [run], "unfinished": [], "changes": []}


def key(folder: Path, name: str = "signer") -> tuple[Ed25519, Key]:
    """A pair of keys."""
    private = generate(folder / name)
    return private, Key.of(private.public_pem, name)
