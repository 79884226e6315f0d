"""However a watch ends, the next one goes on where it was: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.project import COMMAND, QUIET
from tests.remembering import essence
from tests.watched import Desk, World, log, watch

ROOT = Path(__file__).parent.parent.parent


def environment() -> dict[str, str]:
    """That of this process, in which the servers are, with this checkout."""
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return {**QUIET, **aws, "PYTHONPATH": str(ROOT)}


def killed(world: World, number: int) -> None:
    """A watch that ends itself with SIGKILL at the thing of that number."""
    arguments = [str(world.folder), world.bucket, world.queue, str(number)]
    ended = subprocess.run([sys.executable, "-m", "tests.watched", *arguments], env=environment(), check=False, timeout=120)
    assert -signal.SIGKILL == ended.returncode


def test_killed_anywhere_again_and_again_the_next_one_goes_on(world: World) -> None:
    world.tell(*(world.put(f"logs/{number}.log", log("eve", f"user{number}")) for number in range(6)))
    # NOTE: behind a batch that is written and not told; with another that is told, before its run is ended; with messages to delete.
    for number in (2, 3, 5):
        killed(world, number)
    desk = Desk()
    for _ in range(50):
        watch(world.asked(), desk)
        if not world.left():
            break
    assert 0 == world.left()
    assert essence(world.remembered()) == essence(world.remembered(str(world.folder / "other")))
    reported = {finding.fingerprint: finding for result in world.remembered().results for finding in result.findings}
    assert 7 == len(reported)
    assert {"unchanged"} == {finding.baseline for finding in reported.values()}


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_with_0_while_it_waits(world: World, number: signal.Signals) -> None:
    world.put("logs/first.log", log("eve"))
    arguments = ["watch", f"s3://{world.bucket}/logs/", "--queue", world.queue, "--state", "state", "--since", "2019-01-01", "-o", "json"]
    command = [*COMMAND, *arguments]
    with subprocess.Popen(command, cwd=world.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None  # noqa: PT018 - for the type checker
        try:
            first = json.loads(process.stdout.readline())
            assert ("finding", "critical") != (first["event"], first["rule"])
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()  # NOTE: of one that goes on, the tests would wait for its end
    assert 0 == process.returncode
    assert all(json.loads(line)["event"] in ("note", "undetermined") for line in out.splitlines())
    assert err.decode().startswith("s3guard: stopped, as asked: 1 log object, 1 batch, 1 finding told")
