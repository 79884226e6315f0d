"""A world to watch: log objects in S3, a queue that tells of them, both moto's on loopback, and a desk that keeps what it is told.

``python -m tests.watched FOLDER BUCKET QUEUE N`` is a watch of its own that ends itself with SIGKILL at the N-th thing that outlives it:
an entry of the state just before it has its name, and again just behind, and each deletion of messages.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from s3guard import sqs, watching
from s3guard.aws import Access, Account
from s3guard.check import Judged, Request, judged
from s3guard.model import Report
from s3guard.notifications import Created
from s3guard.sqs import Queue
from s3guard.state import store
from s3guard.stopping import Stop
from s3guard.watching.asked import Asked, Counts
from s3guard.watching.news import News
from s3guard.watching.sitting import now
from tests import lines, notices

PERIOD = timedelta(days=20_000)
"""Since before the records of the tests were made."""


def log(*requesters: str, second: int = 0) -> bytes:
    """A log object: a record each."""
    return b"".join(
        lines.record(
            requester=f"arn:aws:iam::111122223333:user/{name}".encode(), logged_time=b"[06/Feb/2019:00:00:%02d +0000]" % second
        ).render()
        + b"\n"
        for name in requesters
    )


class World:
    """A bucket and a queue of one test, reached as the environment says."""

    def __init__(self, name: str, folder: Path, clients: tuple[Any, Any] | None = None) -> None:
        """`clients` are those of S3 and SQS."""
        self.bucket, self.folder = name, folder
        self._s3, self._sqs = clients or (Account(Access()).client("s3"), Account(Access()).client("sqs"))
        self._s3.create_bucket(Bucket=name)
        self.queue: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]

    def put(self, key: str, content: bytes) -> Created:
        """Store an object; what a notification would say of it."""
        answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return Created(self.bucket, key, len(content), answer["ETag"])

    def drop(self, key: str) -> None:
        """Delete an object."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def send(self, *bodies: str) -> None:
        """Put messages into the queue."""
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def tell(self, *objects: Created) -> None:
        """A message for each object."""
        self.send(*(notices.direct(one) for one in objects))

    def left(self) -> int:
        """Messages in the queue, whoever has them in hand."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        told = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(map(int, told.values()))

    def asked(self, **changes: Any) -> Asked:
        """A watch of the folder ``logs/`` of the bucket that ends when nothing is left."""
        usual: dict[str, Any] = {
            "request": self.request(),
            "since": lambda moment: moment - PERIOD,
            "queue": self.queue,
            "every": timedelta(seconds=1),
            "relist": timedelta(hours=6),
            "again": timedelta(hours=1),
            "once": True,
        }
        return Asked(**{**usual, **changes})

    def request(self, state: str | None = None, **changes: Any) -> Request:
        """What is judged."""
        logs, policies = [f"s3://{self.bucket}/logs/"], [self.folder / "policies"]
        return Request(logs=logs, policies=policies, as_of=now(), jobs=2, state=state or str(self.folder / "state"), **changes)

    def remembered(self, state: str | None = None) -> Report:
        """What a check with the state of the watch reports; with another state, what one run over everything does."""
        return judged(self.request(state, since=now() - PERIOD)).report


@dataclass
class Desk:
    """Keeps what it is told."""

    then: dict[int, Callable[[], object]] = field(default_factory=dict)
    """What is done behind the first, the second… time that something was told."""
    told: list[News] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    fails: int = 0
    """How often to say that something could not be written."""

    def tell(self, done: Judged) -> Judged:
        """Nobody is told."""
        return done

    def publish(self, news: News, finish: Callable[[], None]) -> bool:
        """Keep the news."""
        self.told.append(news)
        if self.fails:
            self.fails -= 1
            return False
        finish()
        self.then.pop(len(self.told), lambda: None)()
        return True

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warned.append(text)

    def beat(self, counts: Counts) -> None:
        """Nothing."""

    @property
    def names(self) -> list[str]:
        """Who was told of, in the order of the telling."""
        return [str(finding.subject["principal"]).rpartition("/")[2] for news in self.told for _, finding in news.findings]


def watch(asked: Asked, desk: Desk | None = None, stop: Stop | None = None) -> tuple[int, Counts]:
    """Watch, and what it came to."""
    watching_ = watching.Watch(asked, desk or Desk(), stop or Stop())
    return watching_.run(), watching_.counts


def main(folder: Path, bucket: str, queue: str, number: int) -> int:
    """One watch that is killed."""
    left = [number]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    create, delete = store.Folder.create, Queue.delete

    def created(self: store.Folder, name: str, data: bytes) -> bool:
        count()
        made = create(self, name, data)
        count()
        return made

    def deleted(self: Queue, messages: Any) -> int:
        count()
        return delete(self, messages)

    store.Folder.create, Queue.delete = created, deleted  # type: ignore[method-assign] # the point of this module
    watching.OBJECTS = 2  # type: ignore[misc] # small batches, so that there are several
    watching.BRIEF = 0  # type: ignore[misc] # whoever killed it does not wait
    sqs.HOLD = 1  # type: ignore[misc] # nor does the next watch
    request = Request(logs=[f"s3://{bucket}/logs/"], policies=[folder / "policies"], as_of=now(), jobs=1, state=str(folder / "state"))
    since: Callable[[datetime], datetime] = lambda moment: moment - PERIOD  # noqa: E731 - as an argument is
    second, hour = timedelta(seconds=1), timedelta(hours=1)
    watch(Asked(request, since, queue, second, hour, hour, once=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
