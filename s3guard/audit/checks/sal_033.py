"""Nobody outside the account reads the logs, and nobody is given the right to make them go.

## What

Beside the log delivery, no statement of the bucket policy and no grant of the ACL lets anybody read logs but the log bucket's own
account and the `readers` of the policy's `logging:`; and none lets anybody delete logs, or change the
lifecycle, the versioning, the bucket policy, the ACLs or what blocks public access; nor anybody outside the account write logs.
An administrator of the same account needs no such statement: an identity policy is enough. A public policy is critical, and so is a grant
of the ACL to everybody, unless Block Public Access of the bucket or of its account ignores it, which is a warning.

## Why

Logs hold who read what from where. And who can delete them can act unseen. PCI DSS 10.3.1 and 10.3.2, Security Hub S3.6.

## Source

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html (what AWS calls public),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html

## CLI

    # take the statement out of the bucket policy; put-bucket-policy replaces the whole policy
    aws s3api get-bucket-policy --bucket <log-bucket> --query Policy --output text > policy.json
    aws s3api put-bucket-policy --bucket <log-bucket> --policy file://policy.json
    # and grants out of the ACL (the log delivery needs SAL-020's statement then):
    aws s3api put-bucket-acl --bucket <log-bucket> --acl private

## Terraform

    # leave the statement out of the aws_s3_bucket_policy of <log-bucket>, and switch ACLs off:
    resource "aws_s3_bucket_ownership_controls" "<name>" {
      bucket = "<log-bucket>"
      rule {
        object_ownership = "BucketOwnerEnforced"
      }
    }

## Not seen

The bucket policy and the ACL alone are looked at: identity policies of the account, service control policies, access points and ACLs of
single log objects are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.admitted import is_admitted
from s3guard.audit.blocked import blocked, why
from s3guard.audit.bucket_policy import Statement, statements
from s3guard.audit.case import About, Case, Verdict, failed, passed, unknown, warned
from s3guard.audit.facts import Value, is_same, known
from s3guard.audit.grants import ENFORCED, UNSET
from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.permission import Who, account_of, has_resource, is_account
from s3guard.audit.route import listed, partition_of, routes
from s3guard.audit.rows import Acl, Grant
from s3guard.audit.strangers import HARMING, READING, WRITING, Access, accesses, principals
from s3guard.model import Severity

SEVERITY = Severity.HIGH
ABOUT = About.SINK
NEEDS = (
    *("policy", "policy_is_public", "acl", "object_ownership", "public_access_block", "account.public_access_block"),
    *("source.logging", "source.region"),
)
_EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")
_HARMLESS = ("READ_ACP",)


def check(case: Case) -> Iterator[Verdict]:
    """Who beside the account is let at the logs."""
    partition = partition_of(case.bucket, case.graph)
    policy = statements(known(case.bucket.policy), partition)
    arn = f"arn:{partition}:s3:::{case.bucket.name}"
    for access in accesses(policy, arn, READING):
        yield from _reading(case, access)
    for access in accesses(policy, arn, HARMING):
        yield from _harming(case, access)
    for access in accesses(policy, arn, WRITING):
        yield from _writing(case, access)
    yield from _acl(case)
    yield from _public(case, policy)
    yield passed("by bucket policy and ACL, which is all that is looked at")


def _reading(case: Case, access: Access) -> Iterator[Verdict]:
    if is_admitted(case.expected.readers, access.who):
        return
    own = _is_own(case, access.who)
    if own:
        return
    about = {"statement": access.statement.name, "principal": access.name, "what": "read"}
    if access.open:
        yield unknown(f"whether statement {listed(access.open)} keeps {access.name} from reading depends on its conditions", **about)
    elif own is None:
        yield unknown(f"whether {access.name} is of the same account is not known yet", **about)
    else:
        yield failed(f"Statement {access.statement.name} lets {access.name} read the logs, who is no reader of the policy", None, **about)


def _harming(case: Case, access: Access) -> Iterator[Verdict]:
    own = _is_own(case, access.who)
    # NOTE: a statement about the whole account gives nobody a right; it leaves it to identity policies. One about everybody whose
    # account a condition names does give it, to each of them.
    if own and is_account(access.who.name) and not access.is_narrowed:
        return
    about = {"statement": access.statement.name, "principal": access.name, "what": "delete"}
    if access.open:
        yield unknown(f"whether statement {listed(access.open)} keeps {access.name} from it depends on its conditions", **about)
    elif own is None and is_account(access.who.name):
        yield unknown(f"whether {access.name} is the same account is not known yet", **about)
    else:
        yield failed(f"Statement {access.statement.name} lets {access.name} do {listed(access.actions)}", None, **about)


def _writing(case: Case, access: Access) -> Iterator[Verdict]:
    """Logs overwritten or forged from outside; services of AWS, which write logs of theirs, choose no keys for others."""
    own = _is_own(case, access.who)
    if own or access.who.kind == "Service" or not any(has_resource(access.statement, way.request.resource) for way in routes(case)):
        return
    about = {"statement": access.statement.name, "principal": access.name, "what": "write"}
    if access.open:
        yield unknown(f"whether statement {listed(access.open)} keeps {access.name} from writing depends on its conditions", **about)
    elif own is None:
        yield unknown(f"whether {access.name} is of the same account is not known yet", **about)
    else:
        yield failed(f"Statement {access.statement.name} lets {access.name} write and overwrite logs (s3:PutObject)", None, **about)


def _is_own(case: Case, who: Who) -> bool | None:
    """Whether a principal is of the log bucket's own account."""
    if who.kind != "AWS":
        return False
    account = account_of(who.name)
    if account is None or case.bucket.account is None:
        return False if account is None else None
    return is_same(account, case.bucket.account)


def _public(case: Case, policy: Sequence[Statement]) -> Iterator[Verdict]:
    """AWS's own word, asked where the policy lets anybody in at all; a template has none."""
    open_to_all = [one for one in policy if one.effect == "Allow" and any(who.kind == "*" for who in principals(one))]
    if open_to_all and not case.is_template and known(case.bucket.policy_is_public):
        yield failed("AWS calls the bucket policy public", Severity.CRITICAL, what="public")


def _acl(case: Case) -> Iterator[Verdict]:
    ownership = case.bucket.object_ownership
    if isinstance(ownership, Value) and ownership.value == ENFORCED:
        return
    acl = known(case.bucket.acl)
    strange = [grant for grant in (acl.grants if acl else ()) if _is_strange(grant, acl)]
    if not strange or (known(ownership) or UNSET) == ENFORCED:
        return
    for grant in strange:
        yield _granted(case, grant, acl)


def _is_strange(grant: Grant, acl: Acl | None) -> bool:
    is_owners = acl is not None and grant.id is not None and grant.id == acl.owner_id
    return not is_owners and grant.uri != LOG_DELIVERY and grant.permission not in _HARMLESS


def _granted(case: Case, grant: Grant, acl: Acl | None) -> Verdict:
    who = grant.id or grant.uri or grant.email_address or "a grantee of a kind that is not known"
    about = {"grantee": who, "what": grant.permission}
    if grant.uri is not None and grant.uri.endswith(_EVERYBODY):
        ignored = blocked(case)["ignore_public_acls"]
        if ignored is None:
            return unknown(f"whether Block Public Access ignores that the ACL grants {grant.permission} to everybody: {why(case)}", **about)
        if ignored:
            return warned(f"The ACL grants {grant.permission} to everybody, which Block Public Access ignores", **about)
        return failed(f"The ACL grants {grant.permission} to everybody", Severity.CRITICAL, **about)
    if grant.id is not None and grant.permission == "READ" and is_admitted(case.expected.readers, Who("CanonicalUser", grant.id)):
        return passed("a reader of the policy")
    if grant.id is not None and (acl is None or acl.owner_id is None):
        return unknown(f"whether {who} is the owner of the bucket is not known yet", **about)
    return failed(f"The ACL grants {grant.permission} to {who}", None, **about)
