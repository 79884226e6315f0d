"""A queue: what it answers becomes messages, what it refuses becomes words, and what is in hand stays in hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from s3guard import sqs
from s3guard.aws import Access
from s3guard.model import UnableError, UsageError
from s3guard.sqs import Message, Queue, SilentError
from tests.s3.access import alone, reached

Answer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


class Server:
    """A queue whose answers a test says, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}/111122223333/logs"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Answer = lambda _action, _body: (200, {})
        self.met = Event()
        """Set when a visibility was changed."""

    def told(self, action: str) -> list[dict[str, Any]]:
        """The bodies of the requests of one kind."""
        return [body for asked, body in self.asked if asked == action]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """SQS on loopback, in its JSON protocol."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One request."""
            action = self.headers["x-amz-target"].partition(".")[2]
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.asked.append((action, body))
            status, told = found.answer(action, body)
            if action == "ChangeMessageVisibilityBatch":
                found.met.set()
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
            """Nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Server(f"127.0.0.1:{listening.server_address[1]}")
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    reached(monkeypatch, "127.0.0.1:1")
    yield found
    listening.shutdown()
    listening.server_close()
    thread.join()


def opened(server: Server, warned: list[str] | None = None) -> Queue:
    return Queue(server.url, Access(), ([] if warned is None else warned).append)


def messages(count: int) -> Answer:
    stored = [
        {"MessageId": f"m{at}", "ReceiptHandle": f"r{at}", "Body": "{}", "Attributes": {"ApproximateReceiveCount": "3"}}
        for at in range(count)
    ]
    return lambda action, _body: (200, {"Messages": stored} if action == "ReceiveMessage" else {})


def test_messages_are_taken_and_kept_from_others_and_given_back(server: Server) -> None:
    server.answer = messages(2)
    queue = opened(server)
    assert [Message("m0", "r0", "{}", 3), Message("m1", "r1", "{}", 3)] == queue.take(99)
    (asked,) = server.told("ReceiveMessage")
    assert (10, 20, 120) == (asked["MaxNumberOfMessages"], asked["WaitTimeSeconds"], asked["VisibilityTimeout"])
    queue.close()
    (given_back,) = server.told("ChangeMessageVisibilityBatch")
    assert [("r0", 0), ("r1", 0)] == [(one["ReceiptHandle"], one["VisibilityTimeout"]) for one in given_back["Entries"]]


def test_what_is_in_hand_is_held_anew_again_and_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs, "RENEWED", 0.01)
    server.answer = messages(3)
    queue = opened(server)
    queue.take(0)
    for _ in range(2):
        assert server.met.wait(10)
        server.met.clear()
    queue.close()
    told = [(one["ReceiptHandle"], one["VisibilityTimeout"]) for one in server.told("ChangeMessageVisibilityBatch")[0]["Entries"]]
    assert [("r0", 120), ("r1", 120), ("r2", 120)] == told


def test_what_is_deleted_or_let_go_of_is_not_held_anew(server: Server) -> None:
    server.answer = messages(3)
    queue = opened(server)
    first, second, third = queue.take(0)
    assert 0 == queue.delete([first])
    queue.let_go([second])
    queue._renew()
    queue.put_off([third], lambda _message: 7)
    queue.close()
    told = [
        [(entry["ReceiptHandle"], entry["VisibilityTimeout"]) for entry in one["Entries"]]
        for one in server.told("ChangeMessageVisibilityBatch")
    ]
    assert [[("r2", 120)], [("r2", 7)]] == told


def test_many_are_deleted_by_tens_and_those_that_could_not_be_are_counted(server: Server) -> None:
    def answer(_action: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]} if len(body["Entries"]) == 3 else {}

    server.answer = answer
    queue = opened(server)
    assert 1 == queue.delete([Message(f"m{at}", f"r{at}", "", 1) for at in range(23)])
    assert [10, 10, 3] == [len(one["Entries"]) for one in server.told("DeleteMessageBatch")]
    queue.close()


def test_a_message_is_put_off_for_as_long_as_is_said(server: Server) -> None:
    queue = opened(server)
    queue.put_off([Message("m", "r", "", 2)], lambda message: 100 * message.times)
    (asked,) = server.told("ChangeMessageVisibilityBatch")
    assert 200 == asked["Entries"][0]["VisibilityTimeout"]
    queue.close()


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "AccessDeniedException", UnableError, r"refused \(AccessDenied.*\): no\. It takes sqs:ReceiveMessage on the queue, and cred"),
        (403, "InvalidClientTokenId", UnableError, r"refused \(InvalidClientTokenId\): no"),
        (403, "ExpiredToken", UnableError, r"refused \(ExpiredToken\)"),
        (400, "QueueDoesNotExist", UnableError, r"there is no such queue \(.*\), or not in this Region and account"),
        (400, "OverLimit", SilentError, r"SQS answered OverLimit: no$"),
        (500, "Unheard", SilentError, r"SQS answered Unheard: no$"),
        (400, "ReceiptHandleIsInvalid", UnableError, r"SQS answered ReceiptHandleIsInvalid: no$"),
    ],
)
def test_what_is_refused_is_told_apart_from_what_does_not_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch, status: int, code: str, kind: type[UnableError], said: str
) -> None:
    monkeypatch.setattr("s3guard.aws.RETRIES", 1)
    server.answer = lambda _action, _body: (status, {"__type": f"com.amazonaws.sqs#{code}", "message": "no."})
    with pytest.raises(UnableError, match=said) as raised:
        opened(server).take(0)
    assert kind is type(raised.value)


def test_where_nobody_listens_that_is_no_refusal(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("s3guard.aws.RETRIES", 1)
    with pytest.raises(SilentError, match="no answer: Could not connect"):
        Queue("http://127.0.0.1:1/111122223333/logs", Access(), print).take(0)


def test_what_cannot_be_held_is_told_and_does_not_end_the_work(server: Server) -> None:
    warned: list[str] = []
    server.answer = lambda _action, _body: (400, {"__type": "x#AccessDenied", "message": "no"})
    queue = opened(server, warned)
    queue.put_off([Message("m", "r", "", 1)], lambda _message: 0)
    (told,) = warned
    assert told.startswith("messages may come twice, which counts nothing twice: ")
    assert "sqs:ChangeMessageVisibility" in told
    queue.close()


@pytest.mark.parametrize(
    "url", ["logs", "arn:aws:sqs:eu-west-1:111122223333:logs", "https://sqs.eu-west-1.amazonaws.com/logs", "s3://logs/q"]
)
def test_what_is_no_address_of_a_queue_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match=r"^--queue .*: the URL of a queue is expected, as in https://sqs"):
        Queue(url, Access(), print)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0a1b-2c3d.sqs.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
        ("eu-central-1.queue.amazonaws.com", "eu-central-1"),
        ("queue.example.org:9324", "us-east-1"),
    ],
)
def test_the_region_of_a_queue_is_that_of_its_address(monkeypatch: pytest.MonkeyPatch, host: str, region: str) -> None:
    reached(monkeypatch, "127.0.0.1:1")
    client = Queue(f"https://{host}/111122223333/logs", Access(endpoint_url="http://127.0.0.1:1"), print)._client
    assert (region, f"https://{host}") == (client.meta.region_name, client.meta.endpoint_url)


def test_without_a_region_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(UsageError, match=r"^--queue: You must specify a region\.; --region names one$"):
        Queue("http://127.0.0.1:1/111122223333/logs", Access(), print)
