"""What policies say of a few records of one bucket."""

from __future__ import annotations

from datetime import date

from s3guard.conclude import Conclusion, conclude
from s3guard.model import Result
from s3guard.plan import Plan
from s3guard.results import Known
from tests.batches import Line, policies_of, whole
from tests.lines import record

HEAD = "version: 1\npolicy: p\nbuckets: [examplebucket]\nrules:\n"
ANN = "arn:aws:iam::111122223333:user/ann"
NOBODY = "requesters: {allow: []}"


def at(second: int, **changes: object) -> bytes:
    """The ordinary record at a second of 6 February 2019."""
    minutes, rest = divmod(second, 60)
    return record(logged_time=b"[06/Feb/2019:%02d:%02d:%02d +0000]" % (minutes // 60, minutes % 60, rest), **changes).render()


def concluded(
    policy: str, *data: bytes, plan: Plan | None = None, baseline: frozenset[str] = frozenset(), day: date | None = None
) -> Conclusion:
    """What a policy says of lines; a policy is its rules alone, or a whole document."""
    text = policy if policy.startswith("version") else HEAD + "".join(f"  {line}\n" for line in policy.splitlines())
    plan = plan or Plan(policies_of([text]))
    return conclude(plan, whole(plan, [Line("logs/o", number, line) for number, line in enumerate(data, 1)]), Known(baseline, day=day))


def one(policy: str, *data: bytes, baseline: frozenset[str] = frozenset(), day: date | None = None) -> Result:
    """The result of a policy's first rule over the bucket that has records."""
    return next(result for result in concluded(policy, *data, baseline=baseline, day=day).results if result.bucket == "examplebucket")


def messages(policy: str, *data: bytes) -> list[str]:
    """What the findings of the first rule say."""
    return [finding.message for finding in one(policy, *data).findings]


REFUSED = {"core": (b"403", b"AccessDenied", b"-", b"-", b"7", b"6")}
FAILED = {"core": (b"404", b"NoSuchKey", b"300", b"-", b"9", b"9")}
MIX = [at(0, **REFUSED), at(3, **REFUSED), at(6, **REFUSED), at(9, **FAILED), at(12, **FAILED), at(15), at(18), at(51, key_logged=b"other")]
