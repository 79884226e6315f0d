"""What a policy expects of the logging configuration: its `logging:` section, and what its frameworks ask for where that is silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from s3guard import retained
from s3guard.policy import Policy
from s3guard.retained import Days

FRESHNESS: Final = timedelta(hours=24)
"""How old the newest log object may be, where the policy says nothing."""
GRACE: Final = timedelta(hours=48)
"""How long after a change, or after a request, S3 is given to deliver (it promises nothing: best effort, within hours)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one policy expects of the buckets it names."""

    policy: str
    target_bucket: str | None = None
    """The log bucket; None: any."""
    target_prefix: str | None = None
    """With ``{bucket}``, ``{account}`` and ``{region}``; None: any. See `prefix_for`."""
    key_format: Literal["simple", "partitioned", "any"] = "any"
    keep: Days | None = None
    """No log object may be deleted sooner; None: nobody asks."""
    keep_firmly: Days | None = None
    """As `keep`, of those who ask without interpretation: advice of six years must not hide a duty of one."""
    available: Days | None = None
    """No log object may be archived sooner where it cannot be read at once; None: nobody asks."""
    keep_at_most: Days | None = None
    """Log objects must be deleted by then; None: nobody asks."""
    wants_maximum: bool = False
    """Whether a maximum must be stated (gdpr) and is not."""
    freshness: timedelta = FRESHNESS
    grace: timedelta = GRACE
    readers: tuple[str, ...] | None = None
    """Principal patterns that may read the logs; None: the policy does not say, and then nobody outside the account may."""
    frameworks: tuple[str, ...] = ()

    def prefix_for(self, bucket: str, account: str | None, region: str | None) -> str | None:
        """The prefix that a bucket's logs should have; None where any will do, or what it names is not known."""
        if self.target_prefix is None:
            return None
        text = self.target_prefix
        for name, value in (("{bucket}", bucket), ("{account}", account), ("{region}", region)):
            if name in text:
                if value is None:
                    return None
                text = text.replace(name, value)
        return text

    @property
    def conflict(self) -> str | None:
        """Why what is asked for cannot be kept all at once, as a clause; None where it can."""
        if self.keep is None or self.keep_at_most is None or self.keep.days <= self.keep_at_most.days:
            return None
        return (
            f"{self.keep.because} asks that logs are kept for {self.keep.days:,} days, and {self.keep_at_most.because} that they "
            f"are deleted after {self.keep_at_most.days:,}; decide which of the two holds and say why in the policy"
        )


def of_policy(policy: Policy) -> Expected:
    """What a policy expects; what its `logging:` leaves open is taken from its frameworks, and what it says outvotes them."""
    said = policy.logging
    retention = said.retention if said else None
    asked = retained.kept(policy.frameworks)
    keep = retained.said(retention.min if retention else None) or retained.strictest(asked)
    duties = [one for one in asked if not one.is_advice]
    at_hand = retained.strictest(retained.available(policy.frameworks))
    available = retained.said(retention.immediately_available if retention else None) or at_hand
    at_most = retained.said(retention.max if retention else None)
    target = said.target if said else None
    freshness = said.freshness if said else None
    return Expected(
        policy=policy.name,
        target_bucket=target.bucket if target else None,
        target_prefix=target.prefix if target else None,
        key_format=(said.key_format if said else None) or "any",
        keep=keep,
        keep_firmly=retained.strictest(duties) if keep is not None and keep.is_advice else keep,
        available=available,
        keep_at_most=at_most,
        wants_maximum=at_most is None and bool(retained.state_maximum(policy.frameworks)),
        freshness=FRESHNESS if freshness is None else timedelta(milliseconds=freshness),
        readers=said.readers if said else None,
        frameworks=policy.frameworks,
    )
