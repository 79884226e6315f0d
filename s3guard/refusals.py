"""What S3 says when it does not give what was asked for, in words that name the cause and what to do about it.

Codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. Every reason is one line that begins small, the same
for every object that meets the same refusal: no times, no request ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

GONE: Final = "no longer there: it was deleted after it was listed"
CHANGED: Final = "changed after it was listed, so what was listed can no longer be read"
_LONG: Final = 300
_PAYER: Final = "if the bucket has Requester Pays, also --request-payer"
_CREDENTIALS: Final[Mapping[str, str]] = {
    "ExpiredToken": "the credentials have expired, and the SDK could not renew them",
    "InvalidAccessKeyId": "AWS does not know the access key",
    "InvalidToken": "AWS does not accept the session token",
    "SignatureDoesNotMatch": "the secret access key is not the one that belongs to the access key",
    "RequestTimeTooSkewed": "the clock of this machine is wrong by more than AWS accepts",
}
_CODE: Final = re.compile(r"<Code>\s*([0-9A-Za-z._-]{1,100})\s*</Code>")
_MESSAGE: Final = re.compile(r"<Message>\s*(.*?)\s*</Message>", re.DOTALL)
_CLASS: Final = re.compile(r"<StorageClass>\s*([A-Z_]{1,40})\s*</StorageClass>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_BROKEN: Final = re.compile(r"body error|kind: (?:Interrupted|Decode|Body)|ConnectionReset|IncompleteMessage|BrokenPipe|UnexpectedEof")
_RETRIES: Final = re.compile(r"after (\d+) retries")


def of_listing(code: str, message: str) -> str:
    """Why a bucket, or a part of it, is not listed."""
    if code in ("AccessDenied", "403", "AllAccessDisabled"):
        return f"listing is denied ({code}): it takes s3:ListBucket on the bucket; {_PAYER}"
    return f"listing failed: {_other(code, message)}"


def of_reading(code: str, message: str, storage_class: str = "") -> str:
    """Why an object is not read."""
    if code in ("NoSuchKey", "NoSuchVersion", "404"):
        return GONE
    if code in ("PreconditionFailed", "412"):
        return CHANGED
    if code == "InvalidObjectState":
        where = f" in {storage_class}" if storage_class else ""
        return f"archived{where}: it must be restored (s3:RestoreObject) before it can be read"
    if code.startswith("KMS.") or "kms:" in message.lower():
        if code == "AccessDenied":
            return "denied by the KMS key that it is encrypted with: it takes kms:Decrypt on that key"
        return f"the KMS key that it is encrypted with cannot be used ({code})"
    if code in ("AccessDenied", "403", "AllAccessDisabled"):
        return f"denied ({code}): it takes s3:GetObject on it, and kms:Decrypt if a KMS key encrypts it; {_PAYER}"
    return _other(code, message)


def _other(code: str, message: str) -> str:
    if code in _CREDENTIALS:
        return f"{_CREDENTIALS[code]} ({code})"
    said = " ".join(message.split())[:_LONG].rstrip(".")
    return f"S3 answered {code or 'nothing that is known'}{f': {said}' if said else ''}"


def told(text: str) -> str:
    """Why an object is not read, from what the reader of bytes says, which quotes S3's answer."""
    code, message, storage_class, status, retries = (
        found[1] if found else "" for found in (pattern.search(text) for pattern in (_CODE, _MESSAGE, _CLASS, _STATUS, _RETRIES))
    )
    again = f", after {retries} more tries" if retries not in ("", "0") else ""
    if code or status:
        return of_reading(code or status, message, storage_class) + again
    if "credential provider" in text:
        return "the credentials could not be renewed"
    if "redirect" in text:
        return "the bucket is in another region than the one that was asked; --region names it"
    if "Timeout" in text or "TimedOut" in text:
        return f"no answer in time{again}"
    if "kind: Connect," in text:
        return f"no connection to S3{again}"
    if _BROKEN.search(text):
        return "cut short: the connection broke, each time that it was tried"
    return f"not read: {' '.join(text.split())[:_LONG]}"
