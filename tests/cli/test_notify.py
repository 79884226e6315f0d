"""Who is told by which command, and that no exit code depends on it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3guard.notify import courier
from tests.cli.project import CLEAN, COMMAND, POLICY, QUIET, STRANGER, Here
from tests.notify.receiver import Receiver, receiving

SINCE = ("--since", "2019-01-01", "--state", "state")
KEYS = """\
version: 1
policy: p
buckets: [examplebucket]
rules:
  requesters: {allow: [arn:aws:iam::111122223333:user/ann], group_by: [principal, key]}
"""


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "FIRST", 0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def told(here: Here, receiver: Receiver) -> Here:
    """A project whose settings name a channel."""
    here.write("s3guard.toml", f'notify = ["{receiver.url}"]\n')
    here.patch.setenv("S3GUARD_NOTIFY_SECRET", "T0K3N")
    here.patch.setenv("no_proxy", "*")
    return here


def whats(receiver: Receiver) -> list[list[str]]:
    """What was told, a list a message."""
    found = []
    for post in receiver.posts:
        items = [f"{one['what']} {one['subject']['principal'].rpartition('/')[2]}" for one in post.json["findings"]]
        found.append([*items, *(f"{one['what']} {one['rule']}" for one in post.json["unjudged"])])
    return found


def notified(path: Path) -> Any:
    return json.loads(path.read_text())["run"].get("notified")


def test_a_second_run_with_nothing_new_notifies_nobody(told: Here, receiver: Receiver) -> None:
    ended = [told("check", "logs/stranger.log", *SINCE, "-o", f"json:{number}.json") for number in (1, 2)]
    assert [1, 0] == [one.code for one in ended]
    assert [["new eve"]] == whats(receiver)
    assert f"s3guard: told webhook {receiver.url.removesuffix('/hook')}: 1 new\n" in ended[0].err
    assert "told" not in ended[1].err
    name = f"webhook {receiver.url.removesuffix('/hook')}"
    counts = {"new": 1, "worsened": 0, "resolved": 0, "unjudged": 0, "judged_again": 0, "reason": None}
    assert [{"channel": name, "status": "sent", **counts}] == notified(told.folder / "1.json")
    assert [{"channel": name, "status": "quiet", **counts, "new": 0}] == notified(told.folder / "2.json")


def test_records_that_go_on_are_no_news_and_a_changed_policy_resolves(told: Here, receiver: Receiver) -> None:
    told("check", "logs/stranger.log", *SINCE)
    (told.folder / "logs" / "more.log").write_bytes(STRANGER * 2)
    assert 1 == told("check", "logs/stranger.log", "logs/more.log", *SINCE).code
    told.write("policies/p.yaml", POLICY.replace("user/ann]", "user/ann, arn:aws:iam::111122223333:user/eve]"))
    assert 0 == told("check", "logs/stranger.log", "logs/more.log", *SINCE).code
    assert [["new eve"], ["resolved eve"]] == whats(receiver)


def test_ten_times_the_records_are_worse(told: Here, receiver: Receiver) -> None:
    told("check", "logs/stranger.log", *SINCE)
    (told.folder / "logs" / "more.log").write_bytes(STRANGER * 9)
    told("check", "logs/stranger.log", "logs/more.log", *SINCE)
    assert [["new eve"], ["worsened eve"]] == whats(receiver)
    assert "it had 1 record" == receiver.posts[1].json["findings"][0]["why"]


def test_a_channel_that_is_new_to_a_state_is_not_told_what_runs_have_reported(told: Here, receiver: Receiver) -> None:
    (told.folder / "s3guard.toml").rename(told.folder / "off.toml")
    told("check", "logs/stranger.log", "--since", "2019-01-01", "--state", "other")
    (told.folder / "off.toml").rename(told.folder / "s3guard.toml")
    before = len(receiver.posts)
    assert 0 == told("check", "logs/stranger.log", "--since", "2019-01-01", "--state", "other").code
    assert before == len(receiver.posts)
    told("state", "compact", "other")
    assert 0 == told("check", "logs/stranger.log", "--since", "2019-01-01", "--state", "other").code
    assert before == len(receiver.posts)


def test_without_a_state_each_run_tells_and_says_that_it_cannot_know(told: Here, receiver: Receiver) -> None:
    for _ in range(2):
        assert 1 == told("check", "logs/stranger.log").code
    assert [["new eve"]] * 2 == whats(receiver)
    assert [False, False] == [post.json["remembers"] for post in receiver.posts]


def test_a_baseline_is_nothing_to_tell_of(told: Here, receiver: Receiver) -> None:
    told.write("s3guard.toml", "")
    told("check", "logs/stranger.log", "-o", "json:known.json")
    ended = told("check", "logs/stranger.log", "--baseline", "known.json", "--notify", receiver.url)
    assert (0, []) == (ended.code, receiver.posts)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((), 0), (("--notify-on", "low"), 1), (("--fail-on", "low"), 1), (("--fail-on", "low", "--notify-on", "high"), 0)],
)
def test_the_lowest_severity_that_is_told_is_that_which_fails_unless_another_is_named(
    told: Here, receiver: Receiver, flags: tuple[str, ...], expected: int
) -> None:
    told.write("policies/p.yaml", POLICY.replace("user/ann]", "user/ann], severity: low"))
    told("check", "logs/stranger.log", *flags)
    assert expected == len(receiver.posts)


def test_where_nothing_ever_fails_what_is_medium_and_above_is_told(told: Here, receiver: Receiver) -> None:
    assert 0 == told("check", "logs/stranger.log", "--fail-on", "none").code
    assert [["new eve"]] == whats(receiver)


def test_keys_are_told_only_where_they_are_asked_for(told: Here, receiver: Receiver) -> None:
    told.write("policies/p.yaml", KEYS)
    told("check", "logs/stranger.log")
    told("check", "logs/stranger.log", "--notify-details")
    hidden, shown = (post.json["findings"][0] for post in receiver.posts)
    assert (["key"], [], True) == (hidden["left_out"], shown["left_out"], "key" in shown["subject"])
    assert (None, "key" in hidden["subject"]) == (hidden["message"], False)


@pytest.mark.parametrize(("log", "code"), [("stranger", 1), ("clean", 0), ("damaged", 3), ("empty", 4)])
def test_a_server_that_is_not_there_leaves_the_exit_code_and_the_results_as_they_are(here: Here, log: str, code: int) -> None:
    with receiving() as gone:
        url = gone.url
    arguments = ("check", f"logs/{log}.log", "--as-of", "2026-10-02", "-o", "json")
    alone = here(*arguments)
    ended = here(*arguments, "--notify", f"{url}?T0K3N#T0K3N", no_proxy="*")
    assert code == alone.code == ended.code
    assert ("no answer: Connection refused" in ended.err) is (log != "clean")
    assert "T0K3N" not in ended.err + ended.out
    plain, noted = json.loads(alone.out), json.loads(ended.out)
    assert ["quiet" if log == "clean" else "failed"] == [one["status"] for one in noted["run"].pop("notified")]
    for report in (plain, noted):
        for name in ("id", "started", "finished"):
            del report["run"][name]
    assert plain == noted


def test_a_channel_that_failed_is_told_by_the_next_run_though_the_state_knows_the_finding(told: Here, receiver: Receiver) -> None:
    receiver.answers.append((400, {}))
    first = told("check", "logs/stranger.log", *SINCE)
    assert (1, True) == (first.code, "answered 400; the next run tells it" in first.err)
    assert 0 == told("check", "logs/stranger.log", *SINCE).code
    assert [["new eve"]] * 2 == whats(receiver)
    assert 1 == len({post.headers["webhook-id"] for post in receiver.posts})


def test_what_cannot_be_judged_is_told_when_it_begins_and_when_it_ends(told: Here, receiver: Receiver) -> None:
    """NOTE: without a record there is one more undetermined result; the lines that are none are what is told here."""
    for log in ("clean", "damaged", "damaged"):
        told("check", f"logs/{log}.log", *SINCE)
    (told.folder / "logs" / "many.log").write_bytes(CLEAN * 2000)
    told("check", "logs/many.log", *SINCE)
    assert [["began None"], ["ended None"]] == whats(receiver)
    assert ["could_not_judge", "can_judge_again"] == [
        next(name for name, count in post.json["summary"].items() if count) for post in receiver.posts
    ]


def test_what_is_allowed_is_not_told(told: Here, receiver: Receiver) -> None:
    assert 0 == told("check", "logs/damaged.log", "--allow-undetermined").code
    assert 0 == told("check", "logs/empty.log", "--allow-empty", "--allow-undetermined").code
    assert [] == receiver.posts


def test_a_run_that_ends_before_there_is_a_report_is_told_once_and_wrong_usage_is_not(told: Here, receiver: Receiver) -> None:
    assert 2 == told("check", "logs/nowhere.log", *SINCE).code
    assert [] == receiver.posts
    for _ in range(2):
        assert 3 == told("audit", "--plan", "nowhere.json", "--state", "state").code
    assert 1 == told("check", "logs/stranger.log", *SINCE).code
    assert [["began None"], ["new eve", "ended None"]] == whats(receiver)


def test_a_panic_is_told_though_it_is_no_exception(told: Here, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    from polars.exceptions import PanicException

    from s3guard import check

    def panic(*_: object) -> None:
        raise PanicException("a line that nobody thought of")

    monkeypatch.setattr(check, "judged", panic)
    assert not issubclass(PanicException, Exception)
    assert 3 == told("check", "logs/stranger.log", *SINCE).code
    assert [["began None"]] == whats(receiver)


def test_an_audit_tells_what_it_finds_once_and_what_is_mended(told: Here, receiver: Receiver) -> None:
    from tests.audit.plans import Plan

    def planned(*, logs: bool) -> str:
        plan = Plan().add("aws_s3_bucket.b", {"bucket": "examplebucket"})
        if logs:
            plan.add("aws_s3_bucket_logging.b", {"bucket": "examplebucket", "target_bucket": "logs", "target_prefix": "x/"})
        return json.dumps(plan.tree())

    for logs in (False, False, True):
        told.write("plan.json", planned(logs=logs))
        told("audit", "--plan", "plan.json", "--rule", "SAL-001", "--state", "state", "-o", "json:audit.json")
    findings = [[(one["what"], one["rule"]) for one in post.json["findings"]] for post in receiver.posts]
    assert [("new", "p/logging/SAL-001")] == findings[0]
    assert [("resolved", "p/logging/SAL-001")] == findings[-1]
    assert 2 == len(findings)


def test_a_watch_tells_what_is_new_and_a_second_one_nothing(told: Here, receiver: Receiver) -> None:
    arguments = ("watch", "logs/clean.log", "logs/stranger.log", "--state", "state", "--since", "2019-01-01", "--once")
    assert 1 == told(*arguments, "-o", "json:now.json").code
    told(*arguments)
    assert [["new eve"]] == whats(receiver)
    assert ["sent"] == [one["status"] for one in notified(told.folder / "now.json")]
    assert 0 == told("check", "logs/clean.log", *SINCE).code
    assert [["new eve"]] == whats(receiver)


def test_sigterm_while_somebody_is_told_ends_the_run_and_the_next_one_tells(told: Here, receiver: Receiver) -> None:
    receiver.goes_on.clear()
    environ = {**QUIET, "S3GUARD_NOTIFY_SECRET": "x", "no_proxy": "*"}
    command = [*COMMAND, "check", "logs/stranger.log", *SINCE, "-o", "json:r.json"]
    with subprocess.Popen(command, cwd=told.folder, stderr=subprocess.PIPE, env=environ) as process:
        assert receiver.came.wait(60)
        process.send_signal(signal.SIGTERM)
        assert 143 == process.wait(30)
        assert process.stderr is not None
        assert b"s3guard: terminated\n" == process.stderr.read()
    assert not (told.folder / "r.json").exists()
    receiver.goes_on.set()
    assert 1 == told("check", "logs/stranger.log", *SINCE).code
    assert [["new eve"]] * 2 == whats(receiver)
    assert 1 == len({post.headers["webhook-id"] for post in receiver.posts})


def test_sigterm_ends_a_watch_that_is_telling_with_0(told: Here, receiver: Receiver) -> None:
    receiver.goes_on.clear()
    environ = {**QUIET, "S3GUARD_NOTIFY_SECRET": "x", "no_proxy": "*"}
    command = [*COMMAND, "watch", "logs/stranger.log", *SINCE]
    with subprocess.Popen(command, cwd=told.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ) as process:
        assert receiver.came.wait(60)
        process.send_signal(signal.SIGTERM)
        receiver.goes_on.set()
        assert 0 == process.wait(30)
    assert [["new eve"]] == whats(receiver)


def test_a_channel_can_be_tried_without_an_incident(told: Here, receiver: Receiver) -> None:
    ended = told("notify")
    assert (0, "", True) == (ended.code, ended.out, receiver.posts[0].json["trial"])
    assert f"s3guard: told webhook {receiver.url.removesuffix('/hook')}: a test\n" == ended.err
    receiver.answers.append((404, {}))
    failed = told("notify", receiver.url, "-q")
    assert (3, f"s3guard: warning: not told: webhook {receiver.url.removesuffix('/hook')}: answered 404\n") == (failed.code, failed.err)


def test_who_is_to_be_tried_must_be_said(here: Here) -> None:
    ended = here("notify")
    assert (2, True) == (ended.code, ended.err.startswith("s3guard: error: who is told? As in: s3guard notify"))


@pytest.mark.parametrize(
    ("environ", "toml"),
    [
        ({"S3GUARD_NOTIFY": "nonsense-T0K3N"}, ""),
        ({"S3GUARD_NOTIFY": "https://example.org/T0K3N"}, ""),
        ({"S3GUARD_NOTIFY": "smtp://u:T0K3N@h"}, ""),
        ({}, 'notify = "https://T0K3N@example.org/"'),
        ({}, 'notify = {url = "https://example.org/T0K3N"}'),
        ({}, 'notify = [["T0K3N"]]'),
        ({}, 'notify = "T0K3N'),
        ({"S3GUARD_NOTIFYY": "T0K3N", "S3GUARD_NOTIFY": "x"}, ""),
    ],
)
def test_what_is_wrong_with_an_address_is_told_without_it(here: Here, environ: dict[str, str], toml: str) -> None:
    here.write("s3guard.toml", toml)
    ended = here("check", "logs/clean.log", "-v", **environ)
    assert (2, False) == (ended.code, "T0K3N" in ended.err + ended.out)
    assert "notify" in ended.err.lower() or "TOML" in ended.err


def test_urls_in_the_environment_may_hold_commas(here: Here, receiver: Receiver) -> None:
    url = f"{receiver.url}?a=1,2#x, {receiver.url}/other?b#y"
    assert 0 == here("notify", S3GUARD_NOTIFY=url, no_proxy="*").code
    assert {"/hook?a=1,2", "/hook/other?b"} == {post.path for post in receiver.posts}
