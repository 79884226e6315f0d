"""One question to AWS: its answer as a fact, and whatever went wrong as "unknown because"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from s3guard.audit.calls import ROOTS
from s3guard.audit.facts import Absent, Fact, Origin, Unknown, Value

_T = TypeVar("_T")
_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedAccess", "UnauthorizedOperation", "Forbidden", "403"}
)
_SLOWER: Final = frozenset({"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "503"})
_ROOT: Final = re.compile(rb"\s*(?:<\?xml[^>]*\?>)?\s*<(?:[A-Za-z0-9]+:)?([A-Za-z0-9]+)[\s>/]")
_READ: Final = 1_000
"""Bytes of an answer that are looked at for its first element."""


class NonsenseError(ValueError):
    """An answer that is none to what was asked."""


def ask(
    call: Callable[[], Any],
    operation: str,
    action: str,
    read: Callable[[Any], _T | None],
    absent: Sequence[str] = (),
) -> Fact[_T]:
    """What a call says: the value that `read` finds (None: absent), absent by one of its own codes, else unknown with the reason.

    Nothing but an error of s3guard itself is ever raised.
    """
    from xml.etree.ElementTree import ParseError

    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    origin = Origin(operation)
    try:
        # NOTE: a call that turns pages reads them, so both can meet what makes no sense.
        value = read(call())
    except ClientError as error:
        return _refused(error.response, operation, action, absent)
    except (NonsenseError, ResponseParserError, ParseError) as error:
        # NOTE: the SDK reads some answers (GetBucketLocation) beside its own parser.
        return _nonsense(operation, error)
    except BotoCoreError as error:
        return Unknown(f"{operation} got no answer ({_short(error)})", None, origin)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return _nonsense(operation, error)
    return Absent("", origin) if value is None else Value(value, origin)


def _refused(response: Mapping[str, Any], operation: str, action: str, absent: Sequence[str]) -> Fact[_T]:
    error, status = response.get("Error") or {}, (response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    code = str(error.get("Code") or status or "no code")[:100]
    origin = Origin(operation)
    if code in absent and status in (404, None):
        return Absent(code, origin)
    if code in _DENIED or status == 403:
        return Unknown(f"{operation} was denied ({code}); grant {action}", action, origin)
    if code in _SLOWER or status == 503:
        return Unknown(f"{operation} was put off each time that it was asked ({code})", None, origin)
    return Unknown(f"{operation} failed ({code})", None, origin)


def _nonsense(operation: str, error: Exception) -> Unknown:
    said = f"the answer has no {error.args[0]}" if isinstance(error, KeyError) and error.args else _short(error)
    return Unknown(f"{operation} was answered with nonsense ({said})", None, Origin(operation))


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:160] + ("…" if len(text) > 160 else "")


def guarded(client: Any) -> Any:  # noqa: ANN401 - a client's class is made when it runs
    """The client of S3, which from now on raises `NonsenseError` where an answer in XML is another element than the call's.

    NOTE: botocore reads the answer to any question out of any XML: from a list of objects it would read that logging is off.
    """
    for operation, root in ROOTS.items():
        client.meta.events.register(f"before-parse.s3.{operation}", partial(_check_root, roots=(root, operation)))
    return client


def _check_root(response_dict: Mapping[str, Any], roots: tuple[str, ...], **_rest: object) -> None:
    if response_dict["status_code"] != 200:
        return
    found = _ROOT.match(response_dict["body"][:_READ])
    # NOTE: servers that are not AWS's name some elements after the call.
    if found is None or not found[1].decode().startswith(roots):
        raise NonsenseError(f"not a {roots[0]} but {found[1].decode()[:60] if found else 'no XML'}")
