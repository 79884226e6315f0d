"""The page of an error code: what it says, its likely causes in order, and what an access log cannot show about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from s3guard.page import BOLD, Page
from s3guard.records import ACCESS_CODES, ErrorCode

# NOTE: after https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html; what is not logged, after
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html and the logging options of the same guide.
_POLICIES = (
    "Which policy decided. An identity policy, a bucket policy, an ACL, a permissions boundary, a session policy, a service or "
    "resource control policy, an access point's policy, Block Public Access and a KMS key's policy all leave the same code. The "
    "answer's message names the kind of policy to callers of the same account or organisation, and CloudTrail keeps it; the "
    "access log does not."
)
_CREDENTIALS = (
    "Whose credentials were tried, where S3 could not tell: the requester is null then. A presigned URL names its access key id "
    "in X-Amz-Credential of the request_uri."
)
_AGAIN = "How often a client tried again: each attempt is a record of its own, with a request id of its own."
_HIDDEN: dict[str, tuple[str, ...]] = {
    "authorization": (
        _POLICIES,
        "Whether a policy denied the request, or none allowed it.",
        "The conditions: VPC endpoint, MFA, tags, organisation, encryption headers.",
        "Requests that the policy of a VPC endpoint refused: they never reach the log.",
    ),
    "authentication": (
        _CREDENTIALS,
        "What was signed, and the client's clock.",
        "Whether it is a mistake or an attack: see how many there are, from where, and what the same network asked for besides.",
    ),
    "not found": (
        "Whether the object ever existed, and who deleted it: look for its key among deletes and expirations.",
        "Missing objects that others asked for: S3 says AccessDenied to a requester who may not list the bucket.",
    ),
    "throttling": (_AGAIN,),
    "server": (_AGAIN,),
}
_ANYTHING = ("The message of the answer: the access log keeps the code alone.",)
_NEXT: dict[str, str] = {
    "authorization": (
        "Look the request id up in CloudTrail (data events must be on) and read errorMessage; then compare the policies of "
        "requester, bucket, organisation and KMS key for the action and the resource. Do not widen a policy before you know "
        "whether the request should succeed."
    ),
    "authentication": (
        "Find the client by remote_ip and user_agent. Where it is not one of yours, somebody tries credentials: disable the access key."
    ),
}


def explained(code: ErrorCode, page: Page) -> Iterator[str]:
    """Lines of the page."""
    yield from page.ends("error code", code.name, f"HTTP {code.http_status}" if code.http_status else "")
    yield from page.lines("", code.meaning)
    yield from page.lines("kind", f"{code.kind}: {_counts_as(code)}")
    yield from causes(code.causes, page)
    yield from hidden(code, page)
    if code.kind in _NEXT:
        yield ""
        yield from page.lines("next", _NEXT[code.kind])


def causes(ranked: Iterable[str], page: Page) -> Iterator[str]:
    """Likely causes in the order given, numbered; nothing where there are none."""
    for rank, cause in enumerate(ranked, start=1):
        if rank == 1:
            yield ""
            yield from page.lines("", "Likely causes, the likeliest first", BOLD)
        yield from page.lines(f"{rank}", page.safe(cause))


def hidden(code: ErrorCode, page: Page) -> Iterator[str]:
    """What the log cannot show."""
    yield ""
    yield from page.lines("", "What the access log cannot show", BOLD)
    for sentence in _HIDDEN.get(code.kind, _ANYTHING):
        yield from page.lines(page.glyph("·", "-"), sentence)


def _counts_as(code: ErrorCode) -> str:
    if code.name in ACCESS_CODES:
        return "S3 refused the requester, so the outcome is refused, and `access_denied` counts it"
    return "no refusal of the requester, so the outcome is failed, and `errors` can count it"
