"""The tables of the contract: which class an operation has, whether it mutates, and which error codes mean that access was refused."""

from __future__ import annotations

CLASSES: dict[str, str] = {
    "delete": """
        BATCH.DELETE.OBJECT REST.DELETE.OBJECT REST.DELETE.UPLOAD REST.POST.MULTI_OBJECT_DELETE S3.CREATE.DELETEMARKER
        S3.DELETE.UPLOAD S3.EXPIRE.OBJECT
    """,
    "other": """
        REST.COPY.NOTIFICATION REST.PATCH.BUCKET REST.POST.BUCKET REST.POST.LOCATION REST.POST.NOTIFICATION
        REST.POST.OBJECT_ATTRIBUTES REST.POST.TORRENT REST.POST.WEBSITE WEBSITE.INVALIDOPERATION
    """,
    "write": """
        REST.COPY.OBJECT REST.COPY.PART REST.POST.OBJECT REST.POST.UPLOAD REST.POST.UPLOADS REST.PUT.OBJECT
        REST.PUT.PART SOAP.PUT.OBJECT
    """,
    "read": """
        REST.COPY.OBJECT_GET REST.COPY.PART_GET REST.GET.OBJECT REST.GET.PART REST.POST.SELECT WEBSITE.GET.OBJECT
    """,
    "config": """
        REST.DELETE.BUCKET REST.DELETE.CORS REST.DELETE.ENCRYPTION REST.DELETE.INTELLIGENT_TIERING REST.DELETE.LIFECYCLE
        REST.DELETE.METRICS REST.DELETE.REPLICATION REST.DELETE.TAGGING REST.DELETE.WEBSITE REST.PUT.ACCELERATE
        REST.PUT.ANALYTICS REST.PUT.BUCKET REST.PUT.CORS REST.PUT.ENCRYPTION REST.PUT.INTELLIGENT_TIERING
        REST.PUT.INVENTORY REST.PUT.LIFECYCLE REST.PUT.METRICS REST.PUT.NOTIFICATION REST.PUT.OBJECT_LOCK_CONFIGURATION
        REST.PUT.OBJECT_LOCK_LEGALHOLD REST.PUT.OBJECT_LOCK_RETENTION REST.PUT.REPLICATION REST.PUT.REQUEST_PAYMENT
        REST.PUT.TAGGING REST.PUT.VERSIONING REST.PUT.WEBSITE
    """,
    "policy": """
        REST.DELETE.BUCKETPOLICY REST.DELETE.OWNERSHIP_CONTROLS REST.DELETE.PUBLIC_ACCESS_BLOCK REST.PUT.BUCKETPOLICY
        REST.PUT.OWNERSHIP_CONTROLS REST.PUT.PUBLIC_ACCESS_BLOCK
    """,
    "tagging": """
        REST.DELETE.OBJECT_TAGGING REST.PUT.OBJECT_TAGGING
    """,
    "metadata": """
        REST.GET.ACCELERATE REST.GET.ACL REST.GET.ANALYTICS REST.GET.BUCKETPOLICY REST.GET.CORS REST.GET.ENCRYPTION
        REST.GET.INTELLIGENT_TIERING REST.GET.INVENTORY REST.GET.LIFECYCLE REST.GET.LOCATION REST.GET.LOGGING_STATUS
        REST.GET.METRICS REST.GET.NOTIFICATION REST.GET.OBJECT_ATTRIBUTES REST.GET.OBJECT_LOCK_CONFIGURATION
        REST.GET.OBJECT_TAGGING REST.GET.OWNERSHIP_CONTROLS REST.GET.POLICY_STATUS REST.GET.PUBLIC_ACCESS_BLOCK
        REST.GET.REPLICATION REST.GET.REQUEST_PAYMENT REST.GET.TAGGING REST.GET.VERSIONING REST.GET.WEBSITE
        REST.HEAD.BUCKET REST.HEAD.BUCKETVERSIONS REST.HEAD.OBJECT REST.HEAD.PART REST.HEAD.TORRENT REST.HEAD.UPLOADS
        REST.OPTIONS.PREFLIGHT WEBSITE.HEAD.OBJECT
    """,
    "list": """
        REST.GET.BUCKET REST.GET.BUCKETVERSIONS REST.GET.UPLOAD REST.GET.UPLOADS
    """,
    "restore": """
        REST.POST.RESTORE
    """,
    "acl": """
        REST.PUT.ACL
    """,
    "logging": """
        REST.PUT.LOGGING_STATUS
    """,
    "lifecycle": """
        S3.TRANSITION.OBJECT S3.TRANSITION_GDA.OBJECT S3.TRANSITION_GIR.OBJECT S3.TRANSITION_INT.OBJECT
        S3.TRANSITION_SIA.OBJECT S3.TRANSITION_ZIA.OBJECT
    """,
}

OPERATIONS: dict[str, str] = {name: klass for klass, names in CLASSES.items() for name in names.split()}
"""The class of every operation in the table."""

READING = frozenset({"read", "metadata", "list"})

CODES: dict[str, str] = {
    "authorization": """
        AccessDenied AccountProblem AllAccessDisabled InvalidPayer InvalidPolicyDocument NotSignedUp UnauthorizedAccess
        UnauthorizedAccessError KMS.DisabledException KMS.NotFoundException KMS.InvalidStateException
    """,
    "authentication": """
        AuthorizationHeaderMalformed CredentialsNotSupported ExpiredToken InvalidAccessKeyId InvalidSecurity
        InvalidToken MissingSecurityHeader RequestTimeTooSkewed SignatureDoesNotMatch TokenRefreshRequired
        AuthorizationQueryParametersError RequestExpired
    """,
}

ACCESS_CODES = frozenset(name for names in CODES.values() for name in names.split())
"""The error codes that refuse a requester: authorization and authentication."""


def operation_class(operation: str) -> str:
    """The class of an operation, `unknown` where the table does not have it."""
    return OPERATIONS.get(operation, "unknown")


def mutates(operation: str) -> bool:
    """Whether an operation changes something; one that the table lacks does, unless it is a GET, HEAD or OPTIONS of REST, WEBSITE, SOAP."""
    if operation in OPERATIONS:
        return OPERATIONS[operation] not in READING and operation != "WEBSITE.INVALIDOPERATION"
    parts = operation.split(".")
    return not (parts[0] in {"REST", "WEBSITE", "SOAP"} and parts[1] in {"GET", "HEAD", "OPTIONS"})


def outcome(http_status: int | None, error_code: str | None) -> str:
    """`served`, `refused` or `failed`."""
    if http_status is None or http_status < 300 or http_status == 304:
        return "served"
    return "refused" if error_code in ACCESS_CODES else "failed"
