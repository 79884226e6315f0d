"""All that apprise knows, tried with its plainest service; it waits seconds between two messages, so that each test sends one at most."""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

import pytest

from s3guard.model import UnableError, UsageError
from s3guard.notify.channels import Means, channel
from s3guard.notify.message import chat
from s3guard.text import unvisible
from tests.notify.receiver import Receiver, receiving
from tests.notify.sights import message
from tests.outputs import reports

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise")


def test_a_service_is_sent_plain_text_that_no_chat_takes_for_markup(receiver: Receiver) -> None:
    told = message(reports.hostile(), details=True)
    channel(receiver.url.replace("http", "json", 1), Means({})).send(told)
    (post,) = receiver.posts
    assert (told.subject, "failure") == (post.json["title"], post.json["type"])
    assert told.text(chat).strip() == post.json["message"].strip()
    assert not any(sign in post.json["message"] for sign in ("<", ">", "@", "[", "|", "`", "://"))
    assert "\x1b[2J\x1b[H wrote" in unvisible(post.json["message"])


def test_what_a_service_refuses_is_told_once_without_its_address(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.answers += [(403, {})] * 9
    with caplog.at_level(logging.DEBUG), pytest.raises(UnableError) as refused:
        channel(f"{receiver.url.replace('http', 'json', 1)}/T0K3NS?+X-Key=T0K3NS", Means({})).send(message(reports.failing()))
    assert "403" in str(refused.value)
    assert "T0K3NS" not in str(refused.value) + caplog.text
    assert 1 == len(receiver.posts)


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answers += [(307, {"Location": elsewhere.url})] * 3
        with pytest.raises(UnableError):
            channel(receiver.url.replace("http", "json", 1), Means({})).send(message(reports.failing()))
        assert [] == elsewhere.posts


def test_a_plugin_that_fails_inside_is_told_without_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = channel("json://localhost/T0K3NS", Means({}))

    def fails(*_: Any, **__: Any) -> bool:
        raise RuntimeError("T0K3NS")

    monkeypatch.setattr(type(found._apprise), "notify", fails)  # type: ignore[attr-defined] # of the channel that it is
    with pytest.raises(UnableError, match=r"^apprise failed \(RuntimeError\)$"):
        found.send(message(reports.failing()))


def test_without_apprise_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    module = importlib.import_module("s3guard.notify.channels.apprise")
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "apprise" else find(name))
    with pytest.raises(UsageError) as missing:
        channel("slack://T0K3NS/x", Means({}))
    schemes = "http://, https://, mailto://, mailtos://, smtp://, smtps://, sns://"
    take = "all others take the package apprise: pip install 's3guard[notify]'"
    assert f"--notify slack://***: {schemes} are there by themselves; {take}" == str(missing.value)


def test_a_service_that_apprise_does_not_know_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="apprise knows no such service"):
        channel("nonsense://x", Means({}))
