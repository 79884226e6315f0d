"""A queue of Amazon SQS: messages are taken, kept from others while they are in hand, and deleted or given back, never lost.

A message that was taken and neither deleted nor given back comes again when its time is up
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html), also where the process is killed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from s3guard.aws import Access, Account, told
from s3guard.model import UnableError, UsageError

T = TypeVar("T")

HOLD: Final = 120
"""Seconds for which a message in hand is kept from others."""
RENEWED: Final = HOLD / 3
"""Seconds after which that is said anew, for as long as it is in hand."""
LONGEST: Final = 20
"""Seconds that a request for messages may wait for the first of them."""
AT_ONCE: Final = 10
"""Messages that one request takes, deletes or holds at most."""
FARTHEST: Final = 11 * 3600
"""Seconds for which a message is put off at most. NOTE: SQS refuses more than 12 hours from when it was taken, the time in hand included
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html)."""

_REGION: Final = re.compile(r"(?:^|\.)sqs(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d+)\.|^([a-z]{2}(?:-[a-z]+)+-\d+)\.queue\.amazonaws\.com")
_REFUSED: Final = re.compile(
    r"Access_?Denied|Unauthorized|AuthFailure|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|"
    r"MissingAuthenticationToken|Expired_?Token|RequestExpired|OptInRequired|InvalidSecurity|KmsAccessDenied|KMS\.|InvalidAddress"
)
_LATER: Final = re.compile(r"Throttl|Limit|SlowDown|Internal|Unavailable|Busy|Timeout")
"""In codes that say to ask again; so does a status of 500 and above."""
_NONE: Final = re.compile(r"NonExistentQueue|QueueDoesNotExist|QueueDeletedRecently")


class SilentError(UnableError):
    """The queue does not answer, or not now; nobody refuses anything."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message in hand."""

    id: str
    """The same each time that it comes."""
    receipt: str
    """By which it is deleted; another one each time that it comes."""
    body: str
    times: int
    """How often it was taken, this time included, as far as the queue knows."""


class Queue:
    """One queue; to be closed, which lets go of what is still in hand."""

    def __init__(self, url: str, access: Access, warn: Callable[[str], None]) -> None:
        """UsageError for what is no address of a queue. `warn` is told what does not end the work, from another thread too."""
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/").count("/") < 1:
            raise UsageError(f"--queue {url}: the URL of a queue is expected, as in https://sqs.eu-west-1.amazonaws.com/111122223333/logs")
        self.url = url
        found = _REGION.search(parts.hostname)
        region = next(filter(None, found.groups())) if found else access.region
        # NOTE: the URL says where the queue is; --endpoint-url says where S3 is, and may be another server.
        self._client = _client(replace(access, region=region), f"{parts.scheme}://{parts.netloc}")
        self._warn = warn
        self._held: dict[str, None] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def take(self, wait: int) -> list[Message]:
        """The next messages, none where none came within `wait` seconds; UnableError where refused, `SilentError` without an answer."""
        with _explained(self.url, "sqs:ReceiveMessage"):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=min(max(wait, 0), LONGEST),
                VisibilityTimeout=HOLD,
                AttributeNames=["ApproximateReceiveCount"],
            )
        taken = [_message(one) for one in answer.get("Messages", ())]
        with self._lock:
            self._held.update(dict.fromkeys(message.receipt for message in taken))
        if taken and self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="s3guard-hold", daemon=True)
            self._keeper.start()
        return taken

    def delete(self, messages: Sequence[Message]) -> int:
        """Delete messages, and tell how many could not be: those come again."""
        left = 0
        for some in _tens(messages):
            entries = [{"Id": str(number), "ReceiptHandle": message.receipt} for number, message in enumerate(some)]
            with _explained(self.url, "sqs:DeleteMessage"):
                answer = self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            left += len(answer.get("Failed", ()))
            self.let_go(some)
        return left

    def put_off(self, messages: Sequence[Message], seconds: Callable[[Message], int]) -> None:
        """Let messages come again after so many seconds; where that cannot be said, they come when their time is up."""
        for some in _tens(messages):
            self.let_go(some)
            self._hide([(message.receipt, seconds(message)) for message in some])

    def let_go(self, messages: Sequence[Message]) -> None:
        """Keep messages from others no longer: they come again when their time is up."""
        with self._lock:
            for message in messages:
                self._held.pop(message.receipt, None)

    def close(self) -> None:
        """Give back what is in hand, for others to take at once."""
        self._closed.set()
        if self._keeper is not None:
            self._keeper.join()
        with self._lock:
            left, self._held = list(self._held), {}
        for some in _tens(left):
            self._hide([(receipt, 0) for receipt in some])

    def _keep(self) -> None:
        """Keep what is in hand from others, for as long as it is in hand."""
        while not self._closed.wait(RENEWED):
            self._renew()

    def _renew(self) -> None:
        with self._lock:
            held = list(self._held)
        for some in _tens(held):
            self._hide([(receipt, HOLD) for receipt in some])

    def _hide(self, receipts: Sequence[tuple[str, int]]) -> None:
        """Say for how long messages are not to be seen; a message whose time was up before may come twice, which counts nothing twice."""
        numbered = enumerate(receipts)
        entries = [{"Id": str(at), "ReceiptHandle": receipt, "VisibilityTimeout": seconds} for at, (receipt, seconds) in numbered]
        try:
            with _explained(self.url, "sqs:ChangeMessageVisibility"):
                self._client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
        except UnableError as error:
            self._warn(f"messages may come twice, which counts nothing twice: {error}")


def _client(access: Access, endpoint: str) -> Any:  # noqa: ANN401 - a client's class is made when it runs
    from botocore.exceptions import BotoCoreError

    try:
        return Account(access).client("sqs", endpoint=endpoint)
    except BotoCoreError as error:
        raise UsageError(f"--queue: {error}; --region names one") from error


def _tens(some: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at a time as one request takes."""
    return (some[at : at + AT_ONCE] for at in range(0, len(some), AT_ONCE))


def _message(one: dict[str, Any]) -> Message:
    times = one.get("Attributes", {}).get("ApproximateReceiveCount", "1")
    return Message(one["MessageId"], one["ReceiptHandle"], one.get("Body", ""), int(times) if times.isdigit() else 1)


@contextmanager
def _explained(url: str, action: str) -> Iterator[None]:
    """Makes an error of the SDK one that a user can mend."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - its name there

    try:
        yield
    except ClientError as error:
        code, message = told(error)
        said = " ".join(message.split())[:300].rstrip(".")
        if _NONE.search(code):
            raise UnableError(f"{url}: there is no such queue ({code}), or not in this Region and account") from error
        if _REFUSED.search(code):
            raise UnableError(f"{url}: refused ({code}): {said}. It takes {action} on the queue, and credentials that hold") from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = SilentError if status >= 500 or _LATER.search(code) else UnableError
        raise kind(f"{url}: SQS answered {code}: {said}") from error
    except (ConnectionError, HTTPClientError) as error:
        raise SilentError(f"{url}: no answer: {error}") from error
    except BotoCoreError as error:
        raise UnableError(f"{url}: {' '.join(str(error).split())}") from error
