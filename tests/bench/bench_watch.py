"""A soak of ``s3guard watch``: thousands of messages, one after the other in micro-batches, while the process must not grow.

S3 and SQS are servers on loopback in this process; the watch is the command, a process of its own whose memory is read from the system.
Beside notifications come the same ones again, tests, and what nobody understands.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tests import notices
from tests.bench import generate

BUCKET = "logs"
POLICY = """\
version: 1
policy: soak
buckets: [phi-records]
rules:
  requesters: {allow: ["arn:aws:iam::111122223333:role/*"]}
  writers: {allow: [arn:aws:iam::111122223333:role/ingest]}
  access_denied: {max: 20, per: 10m}
  volume: {operations: [read], requests: 1000, per: 1h}
  latency: {turn_around_time: {p99: 1s}}
"""
BURST = 20
"""Messages that are sent at once."""
BACKLOG = 60
"""Messages in the queue at which the next ones wait."""
RECORDS = 40
"""Of a log object."""
SAMPLES = 20
"""Times that the memory is looked at."""
WARM = 0.4
"""Share of the messages after which the process should have all that it needs."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a soak came to."""

    seconds: float
    memory: list[int]
    """Bytes resident, at equal distances."""
    objects: int
    """That the state holds in the end."""
    sent: int
    """Log objects that there were."""

    @property
    def growth(self) -> float:
        """How many times more memory there is in the end than when it was warm; the least of some, since what is freed comes and goes."""
        warm = int(len(self.memory) * WARM)
        return min(self.memory[-4:]) / min(self.memory[warm : warm + 4])


def measured(folder: Path, messages: int, tell: Callable[[str], None]) -> Soaked:
    """Send so many messages to a watch, and look at its memory; SystemExit where it does not end as it should."""
    from moto.server import ThreadedMotoServer

    from s3guard.notifications import Created
    from tests.s3.shelf import Shelf, etag, served

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "soak.yaml").write_text(POLICY, encoding="utf-8")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    lines = [line for block in generate.blocks(RECORDS * 50) for line in block]
    logs = ["".join(islice(lines, at * RECORDS, (at + 1) * RECORDS)).encode() for at in range(50)]
    shelf = Shelf({"logs/0": logs[0]})
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    os.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    try:
        with served(shelf, BUCKET) as address:
            queue = _Queue(f"http://{host}:{port}")
            start, memory = time.perf_counter(), list[int]()
            with _watching(folder, address, queue.url) as process:
                for number in range(messages):
                    key, log = f"logs/{number}", logs[number % len(logs)]
                    shelf.contents[key] = log
                    queue.add(notices.direct(Created(BUCKET, key, len(log), etag(log))), number)
                    if number % BURST == BURST - 1:
                        queue.send(BACKLOG, process)
                    if number % (messages // SAMPLES) == messages // SAMPLES - 1:
                        memory.append(_resident(process.pid))
                        tell(f"  {number + 1:>6,} messages, {time.perf_counter() - start:4.0f} s, {memory[-1] / 2**20:6.1f} MB")
                queue.send(0, process)
                memory.append(_resident(process.pid))
            return Soaked(time.perf_counter() - start, memory, _held(folder), messages)
    finally:
        moto.stop()


class _Queue:
    """The queue, for who sends."""

    def __init__(self, endpoint: str) -> None:
        import boto3

        self._client: Any = boto3.client("sqs", endpoint_url=endpoint)
        self.url: str = self._client.create_queue(QueueName="soak")["QueueUrl"]
        self._waiting: list[str] = []
        self._garbled = 0

    def add(self, body: str, number: int) -> None:
        """A message to send, and now and then one beside it: the same again, a test, something else."""
        self._waiting.append(body)
        if number % 10 == 3:
            self._waiting.append(body)
        elif number % 100 == 7:
            self._waiting.append(notices.tried())
        elif number % 200 == 11:
            self._waiting.append("{")
            self._garbled += 1

    def send(self, backlog: int, process: subprocess.Popen[bytes]) -> None:
        """Send what waits once there are no more than so many messages, those aside that nobody ever deletes."""
        for at in range(0, len(self._waiting), 10):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(self._waiting[at : at + 10])]
            self._client.send_message_batch(QueueUrl=self.url, Entries=entries)
        self._waiting = []
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while True:
            told = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
            if sum(map(int, told.values())) - self._garbled <= backlog:
                return
            if process.poll() is not None:
                raise SystemExit(f"the watch ended with {process.returncode} in the middle")
            time.sleep(0.1)


@contextmanager
def _watching(folder: Path, address: str, queue: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command, which is asked to stop in the end."""
    logs, state, policy = f"s3://{BUCKET}/logs/", str(folder / "state"), str(folder / "soak.yaml")
    arguments = ["watch", logs, "--queue", queue, "--state", state, "--policy", policy, "--since", "2026-09-30", "--every", "1s"]
    environ = {**os.environ, "AWS_ENDPOINT_URL_S3": f"http://{address}"}
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        command = [sys.executable, "-m", "s3guard", *arguments, "-o", "json"]
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environ)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            code = process.wait(120)
        finally:
            process.kill()
            process.wait()
    if code != 0:
        raise SystemExit(f"the watch ended with {code}:\n{(folder / 'err').read_text(errors='replace')[-3000:]}")


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _held(folder: Path) -> int:
    """Log objects that the state holds."""
    from s3guard.state import State

    return len(State(str(folder / "state")).view().objects)
