"""The rule `authentication`: how requests are signed."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.rules import RecordRule
from s3guard.written import OneOrMany, Text, spelling

SignatureVersions = Annotated[
    tuple[Annotated[Text, spelling("a signature version", ("SigV2", "SigV4", "SigV4A"))], ...], OneOrMany("signature versions")
]
"""Signature versions as the log writes them."""

AuthenticationTypes = Annotated[
    tuple[Annotated[Text, spelling("an authentication type", ("AuthHeader", "QueryString"))], ...], OneOrMany("authentication types")
]
"""Authentication types as the log writes them."""


class Authentication(RecordRule):
    """Requests are signed in the ways that the policy allows.

    Signature version 2 is deprecated and open to replay; a client that still uses it is old in other ways too. Presigned
    URLs (`QueryString`) carry access in a link that can be forwarded: where people should come through an application,
    they should not be.

    ## What breaks it

    An authenticated request whose signature version is not in `signature_versions`, or whose authentication type is not in
    `types`. A list that is not given allows everything.

    ## Subject

    `principal, signature_version, authentication_type`. Findings are split by outcome: what S3 served is medium by default,
    what it refused is low.

    ## Fields

    * `signature_versions`: the allowed ones, as the log writes them: `SigV4`, `SigV2`, `SigV4A`; one or a list.
    * `types`: the allowed ones: `AuthHeader` (the usual header), `QueryString` (presigned URLs).

    ## How it counts

    Each record by itself. The two columns came in 2019: older lines are counted as unjudged. Anonymous requests are the
    business of `anonymous`.

    ## What to do

    Bring the client's SDK up to date, or set its signature version. For presigned URLs, find the application that makes
    them; deny others with `s3:authType` and limit their age with `s3:signatureAge` in the bucket policy.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    rules:
      authentication:
        signature_versions: [SigV4]
        types: AuthHeader
    ```
    """

    kind = "authentication"
    default_severity = Severity.MEDIUM
    default_group_by = ("principal", "signature_version", "authentication_type")
    default_title = "Requests are signed in allowed ways only"
    breach = "signed in a way that is not allowed"
    default_help = (
        "A request was signed with a signature version, or authenticated in a way, that the policy does not allow. Bring the "
        "client's SDK up to date; find the application behind presigned URLs. Enforce it with s3:signatureversion, s3:authType "
        "and s3:signatureAge in the bucket policy."
    )

    signature_versions: SignatureVersions | None = None
    """Allowed signature versions; the default is any."""
    types: AuthenticationTypes | None = None
    """Allowed authentication types; the default is any."""

    def lacks(self) -> str | None:
        """The advice to add a list where the rule allows every signature."""
        if self.signature_versions is None and self.types is None:
            return "authentication allows every signature as it stands; add `signature_versions: [SigV4]` or `types: [AuthHeader]`"
        return None

    def looks(self, columns: Columns) -> pl.Expr:
        """Authenticated requests."""
        return columns.authenticated()

    def unjudged(self, columns: Columns) -> pl.Expr:
        """Lines of before 2019, which do not say how a request was signed."""
        return ~columns.has("authentication_type")

    def breaks(self, columns: Columns) -> pl.Expr:
        """A signature version or authentication type that is not among those given; none at all is not among them either."""
        broken = pl.lit(value=False)
        for column, allowed in (("signature_version", self.signature_versions), ("authentication_type", self.types)):
            if allowed is not None:
                broken |= ~columns.tail(column, allowed, partial(_among, allowed))
        return broken


def _among(allowed: tuple[str, ...], values: pl.Series) -> pl.Series:
    return values.is_in(allowed).fill_null(value=False)
