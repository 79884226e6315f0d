"""A signed webhook, as whoever receives it sees it."""

from __future__ import annotations

import base64
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from s3guard.model import UnableError, UsageError
from s3guard.notify import courier
from s3guard.notify.channels import Channel, LaterError, Means, channel
from s3guard.notify.channels.webhook import signature
from tests.notify.receiver import Post, Receiver, receiving
from tests.notify.sights import message
from tests.outputs import reports

README = Path(__file__).parents[3] / "README.md"
KEY = b"correct horse"
TOLD = message(reports.failing())


def opened(url: str, secret: str | None = KEY.decode()) -> Channel:
    return channel(url, Means({} if secret is None else {"S3GUARD_NOTIFY_SECRET": secret}))


def verified(post: Post, key: bytes) -> bool:
    """As the README tells users to do it."""
    found = re.search(r"```python\n(import base64.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - our own
    told: bool = names["verified"](post.headers, post.body, key)
    return told


def test_the_example_of_the_specification_has_the_signature_that_it_says() -> None:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md and the tests of its libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)


def test_what_is_posted_is_signed_json_of_this_moment(receiver: Receiver) -> None:
    assert opened(receiver.url).send(TOLD) is None
    (post,) = receiver.posts
    assert verified(post, KEY)
    assert not verified(post, b"another")
    assert not verified(Post(post.path, post.headers, post.body + b" "), KEY)
    assert ("/hook", "application/json", "id-1") == (post.path, post.headers["content-type"], post.headers["webhook-id"])
    assert ("s3guard/notification/1", "id-1", TOLD.subject) == tuple(post.json[name] for name in ("schema", "id", "subject"))


def test_a_secret_may_stand_behind_the_url_or_be_encoded_and_is_not_sent(receiver: Receiver) -> None:
    opened(f"{receiver.url}?a=b#{KEY.decode().replace(' ', '%20')}", None).send(TOLD)
    opened(receiver.url, f"whsec_{base64.b64encode(bytes(range(24))).decode()}").send(TOLD)
    plain, encoded = receiver.posts
    assert (True, True) == (verified(plain, KEY), verified(encoded, bytes(range(24))))
    assert "/hook?a=b" == plain.path
    assert not any(KEY in part.encode() for part in (plain.path, *plain.headers.values()))


def test_hostile_text_is_posted_as_json_that_gives_it_back(receiver: Receiver) -> None:
    opened(receiver.url).send(message(reports.hostile(), details=True))
    (post,) = receiver.posts
    assert verified(post, KEY)
    assert post.body.isascii()
    assert post.json["findings"]


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        for status in (301, 302, 303, 307, 308):
            receiver.answers.append((status, {"Location": elsewhere.url}))
            with pytest.raises(UnableError, match=f"answered {status}, a redirect") as refused:
                opened(receiver.url).send(TOLD)
            assert not isinstance(refused.value, LaterError)
        assert [] == elsewhere.posts


def test_what_may_work_in_a_moment_is_tried_again_with_the_same_id(receiver: Receiver) -> None:
    receiver.answers += [(503, {}), (429, {"Retry-After": "0"}), (500, {"Retry-After": "soon"}), (204, {})]
    told: list[tuple[bool, str | None]] = []
    courier.deliver({0: (opened(receiver.url), TOLD)}, 10, lambda _, is_told, said: told.append((is_told, said)))
    assert [(True, None)] == told
    assert [(True, "id-1")] * 4 == [(verified(post, KEY), post.headers["webhook-id"]) for post in receiver.posts]


@pytest.mark.parametrize(("status", "times"), [(503, courier.TRIES), (400, 1), (404, 1), (410, 1)])
def test_nothing_is_tried_for_ever_and_what_is_refused_is_not_tried_again(receiver: Receiver, status: int, times: int) -> None:
    receiver.answers += [(status, {})] * 99
    told: list[tuple[bool, str | None]] = []
    courier.deliver({0: (opened(receiver.url), TOLD)}, 10, lambda _, is_told, said: told.append((is_told, said)))
    assert [(False, f"answered {status}")] == told
    assert times == len(receiver.posts)


def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for(receiver: Receiver) -> None:
    receiver.answers += [(429, {"Retry-After": "3600"})]
    told: list[tuple[bool, str | None]] = []
    courier.deliver({0: (opened(receiver.url), TOLD)}, 10, lambda _, is_told, said: told.append((is_told, said)))
    assert ([(False, "answered 429")], 1) == (told, len(receiver.posts))


def test_retry_after_is_seconds_or_a_date() -> None:
    from s3guard.notify.channels.webhook import _seconds

    assert (7.0, 0.0, 0.0) == (_seconds("7"), _seconds(""), _seconds("Mon, 01 Jan 2001 00:00:00 GMT"))
    assert 1e6 < _seconds("Fri, 01 Jan 2100 00:00:00 GMT")


def test_a_server_that_is_not_there_says_nothing_of_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(LaterError) as gone:
        opened(f"http://127.0.0.1:{port}/T0K3N?x=T0K3N#T0K3N", None).send(TOLD)
    assert "no answer: Connection refused" == str(gone.value)


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("https://example.org/hook", None, "a webhook is signed: set S3GUARD_NOTIFY_SECRET, or write the secret behind the URL"),
        ("https://example.org/hook", "", "a webhook is signed"),
        ("https://example.org/hook", "x\n", "S3GUARD_NOTIFY_SECRET holds control characters, perhaps a newline at its end"),
        ("https://u:p@example.org/hook", "x", "a user or password is not sent"),
        ("https://example.org/hook", "whsec_*", "goes on in Base64"),
        ("https:///hook", "x", "a host is missing"),
    ],
)
def test_a_webhook_that_cannot_be_signed_or_reached_is_wrong_usage(url: str, secret: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        opened(url, secret)


def test_a_label_is_scheme_host_and_port() -> None:
    assert "webhook https://example.org" == opened("https://example.org/T0K3N?T0K3N#T0K3N").label
    assert "webhook http://[::1]:8080" == opened("http://[::1]:8080/").label
