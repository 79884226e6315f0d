"""Every exit code, of the command as a process: nothing reads as clean that is not, and whatever ends a run leaves whole files or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s3guard import __version__
from tests import lines
from tests.cli.project import CLEAN, COMMAND, QUIET, run

LEFT = ["policies", "logs", ".git"]
"""What a project holds before anything is written."""
FULL = Path("/dev/full")
UNBUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "PYTHONUNBUFFERED"])


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in LEFT)


def test_0_judged_and_nothing_found(folder: Path) -> None:
    ended = run(folder, "check", "logs/clean.log")
    assert (0, "") == (ended.code, ended.err)
    assert ended.out.strip().startswith("PASS")


def test_1_violations(folder: Path) -> None:
    ended = run(folder, "check", "logs/stranger.log")
    assert (1, "") == (ended.code, ended.err)
    assert "user/eve" in ended.out


@pytest.mark.parametrize(("day", "code"), [("2026-10-02", 0), ("2026-10-03", 1)])
def test_0_a_waiver_covers_all_findings_and_1_the_day_after(folder: Path, day: str, code: int) -> None:
    with (folder / "policies" / "p.yaml").open("a") as policy:
        policy.write("waivers: [{rule: requesters, reason: r, expires: 2026-10-02}]\n")
    assert code == run(folder, "check", "logs/stranger.log", "--as-of", day).code


def test_1_wins_over_an_output_that_cannot_be_written_and_the_others_are(folder: Path) -> None:
    ended = run(folder, "check", "logs/stranger.log", "-o", "json:logs/clean.log/r.json", "-o", "text", "-o", "csv:r.csv")
    assert 1 == ended.code
    assert "s3guard: error: could not write logs/clean.log/r.json: Not a directory\n" == ended.err
    assert ["r.csv"] == written(folder)
    assert "user/eve" in ended.out


def test_2_wrong_usage(folder: Path) -> None:
    ended = run(folder, "check", "logs", "--fail-onn", "high")
    assert (2, "") == (ended.code, ended.out)
    assert "s3guard: error: no such option: --fail-onn; did you mean --fail-on? Help: s3guard check --help\n" == ended.err


def test_2_every_fault_of_every_policy_at_once(folder: Path) -> None:
    (folder / "policies" / "a.yaml").write_text("version: 1\npolicy: a\nbuckets: [x]\nrules: {writer: {}, transport: {min_tls: '9'}}\n")
    (folder / "policies" / "b.yaml").write_text("version: 2\n")
    ended = run(folder, "check", "logs")
    assert (2, "") == (ended.code, ended.out)
    first, *faults = ended.err.splitlines()
    assert f"s3guard: error: {len(faults)} problems" == first
    assert {"policies/a.yaml:4", "policies/b.yaml:1"} == {":".join(fault.split(":")[:2]) for fault in faults}


def test_3_a_log_object_that_cannot_be_read_to_its_end(folder: Path) -> None:
    (folder / "logs" / "cut.gz").write_bytes(b"\x1f\x8b\x08")
    assert 3 == run(folder, "check", "logs/cut.gz", "logs/clean.log").code


def test_3_records_that_could_not_be_judged_whatever_small_finding_stands_beside_them(folder: Path) -> None:
    """Whoever is refused once, or is known already, settles nothing about lines that do not say how they came."""
    (folder / "policies" / "p.yaml").write_text("version: 1\npolicy: p\nbuckets: [examplebucket]\nrules: {transport: {}}\n")
    old = lines.record(suffix=lines.ORDINARY.suffix[:1]).render() + b"\n"
    plain = (*lines.ORDINARY.suffix[:3], b"-", *lines.ORDINARY.suffix[4:6], b"-", *lines.ORDINARY.suffix[7:])
    attempt = lines.record(suffix=plain, core=(b"403", b"AccessDenied", b"1", b"-", b"9", b"8")).render() + b"\n"
    (folder / "logs" / "old.log").write_bytes(old * 2)
    (folder / "logs" / "attempt.log").write_bytes(attempt)
    assert [3, 0] == [run(folder, "check", f"logs/{name}.log").code for name in ("old", "attempt")]
    outputs = [part for form in ("json", "junit", "sarif") for part in ("-o", f"{form}:{form}.out")]
    ended = run(folder, "check", "logs/old.log", "logs/attempt.log", *outputs, "-o", "text")
    assert 3 == ended.code
    assert ended.out.startswith("UNDETERMINED  0 of 1 check passed, 1 could not be judged")
    assert "2 records could not be judged" in ended.out
    assert "low  1×" in ended.out
    (result,) = json.loads((folder / "json.out").read_text())["results"]
    assert ("fail", 2) == (result["status"], result["unjudged"])
    assert result["reason"].startswith("2 records could not be judged")
    assert 'errors="1"' in (folder / "junit.out").read_text()
    assert "Could not be judged: 2 records" in (folder / "sarif.out").read_text()
    assert 0 == run(folder, "check", "logs/old.log", "logs/attempt.log", "--allow-undetermined").code


def test_3_an_output_that_cannot_be_written(folder: Path) -> None:
    ended = run(folder, "check", "logs/clean.log", "-o", "json:logs/clean.log/r.json", "-o", "csv:r.csv")
    assert 3 == ended.code
    assert ["r.csv"] == written(folder)
    assert "could not write logs/clean.log/r.json" in ended.err


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", [("check", "logs/clean.log"), ("records", "logs/clean.log"), ("schema",)], ids=lambda given: given[0])
@UNBUFFERED
def test_3_standard_output_that_is_full(folder: Path, arguments: tuple[str, ...], unbuffered: str) -> None:
    with FULL.open("wb") as full:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env={**QUIET, "PYTHONUNBUFFERED": unbuffered},
        )
    assert (3, "s3guard: error: could not write standard output: No space left on device\n") == (ended.returncode, ended.stderr.decode())


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
def test_3_of_a_standard_output_that_is_full_the_files_tell(folder: Path) -> None:
    command = [*COMMAND, "check", "logs/clean.log", "-o", "json:r.json", "-o", "text"]
    with FULL.open("wb") as full:
        ended = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False, env=QUIET)
    report = json.loads((folder / "r.json").read_text())
    assert (3, 3, ["could not write standard output: No space left on device"]) == (
        ended.returncode,
        report["exit_code"],
        report["unwritten"],
    )


def test_3_standard_output_that_is_closed(folder: Path) -> None:
    command = f"exec {' '.join(COMMAND)} check logs/clean.log >&-"
    ended = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=False, env=QUIET)
    assert (3, "s3guard: error: could not write standard output: it is closed\n") == (ended.returncode, ended.stderr.decode())


BROKEN = """
import s3guard.check
def judged(request):
    raise RuntimeError("boom \\x1b[31m\\n::error::")
s3guard.check.judged = judged
from s3guard.cli import main
main()
"""


@pytest.mark.parametrize("verbose", [[], ["-v"]])
def test_3_an_internal_error_tells_one_line_and_with_v_where(folder: Path, verbose: list[str]) -> None:
    command = [sys.executable, "-c", BROKEN, "check", "logs/clean.log", *verbose]
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=QUIET)
    told = ended.stderr.decode()
    assert (3, b"") == (ended.returncode, ended.stdout)
    assert told.splitlines()[-1].startswith(
        "s3guard: error: internal error, nothing is concluded: RuntimeError: boom \\u{1b}[31m ::error::"
    )
    assert bool(verbose) == ("Traceback" in told)
    assert bool(verbose) == ("-v shows where" not in told)
    assert "\x1b" not in told


def test_4_nothing_was_judged(folder: Path) -> None:
    assert 4 == run(folder, "check", "logs/empty.log").code


def test_4_no_record_to_write(folder: Path) -> None:
    ended = run(folder, "records", "logs/empty.log")
    assert (4, "", "s3guard: no record\n") == (ended.code, ended.out, ended.err)


def stopped(folder: Path, number: signal.Signals, *arguments: str) -> tuple[int, bytes]:
    """What a run ends with that reads standard input, and gets a signal when it certainly does."""
    command = [*COMMAND, arguments[0], "-", *arguments[1:]]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=QUIET,
        # NOTE: a shell without job control starts what is in the background with SIGINT ignored, and so would s3guard be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no thread here holds a lock
    ) as process:
        assert process.stdin
        # NOTE: more than a pipe holds, so that this ends when the run has taken the rest; it is in the middle of its input then.
        process.stdin.write(CLEAN * 3000)
        process.stdin.flush()
        process.send_signal(number)
        # NOTE: nothing more is written and nothing closed: the signal alone ends it.
        try:
            code = process.wait(timeout=60)
        finally:
            process.kill()
        return code, process.stderr.read() if process.stderr else b""


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-o", "json:r.json", "--quarantine", "q.jsonl"),
        ("records", "-o", "r.jsonl"),
        ("records", "--to", "parquet", "-o", "r.parquet"),
    ],
    ids=["check", "records", "records to parquet"],
)
@pytest.mark.parametrize(("number", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")])
def test_130_and_143_leave_nothing_half_written(
    folder: Path, number: signal.Signals, code: int, said: str, arguments: tuple[str, ...]
) -> None:
    assert (code, f"s3guard: {said}\n".encode()) == stopped(folder, number, *arguments)
    assert [] == written(folder)


@pytest.mark.parametrize("is_written", [False, True], ids=["without a writer", "with a writer"])
@pytest.mark.parametrize("verb", ["check", "records"])
@pytest.mark.parametrize(("number", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")])
def test_130_and_143_while_a_named_pipe_is_waited_for(
    folder: Path, number: signal.Signals, code: int, said: str, verb: str, *, is_written: bool
) -> None:
    os.mkfifo(folder / "pipe")
    command = [*COMMAND, verb, "pipe", "-v"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=QUIET,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - see above
    ) as process:
        assert process.stderr
        assert b"s3guard: waits for what is written to pipe, until its writer closes it\n" == process.stderr.readline()
        writer = os.open(folder / "pipe", os.O_WRONLY) if is_written else None  # NOTE: returns once the run has opened the other end
        process.send_signal(number)
        try:
            assert (code, f"s3guard: {said}\n".encode()) == (process.wait(timeout=60), process.stderr.read())
        finally:
            process.kill()
    if writer is not None:
        os.close(writer)


def test_0_what_comes_through_a_named_pipe_is_judged_when_its_writer_closes_it(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with subprocess.Popen([*COMMAND, "check", "pipe"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=QUIET) as process:
        with (folder / "pipe").open("wb") as writer:
            writer.write(CLEAN * 3)
        out, told = process.communicate(timeout=60)
    assert (0, b"") == (process.returncode, told)
    assert b"records 3 in 1 bucket, from 1 log object" in b" ".join(out.split())


def test_2_a_pipe_is_nothing_that_a_state_could_know_again(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    ended = run(folder, "check", "pipe", "--state", "runs")
    assert (2, True) == (ended.code, "pipe: a pipe has no name by which a state could know it again" in ended.err)


@UNBUFFERED
def test_141_nobody_reads_and_the_files_are_whole(folder: Path, unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [*COMMAND, "check", "logs/stranger.log", "-o", "text", "-o", "json:r.json"],
        cwd=folder,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        env={**QUIET, "PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writer)
    assert (141, b"") == (ended.returncode, ended.stderr)
    assert 1 == json.loads((folder / "r.json").read_bytes())["exit_code"]


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("schema",), ("--version",)], ids=" ".join)
@UNBUFFERED
def test_141_of_whatever_is_printed(folder: Path, arguments: tuple[str, ...], unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environ = {**QUIET, "PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run([*COMMAND, *arguments], cwd=folder, stdout=writer, stderr=subprocess.PIPE, check=False, env=environ)
    os.close(writer)
    assert (141, b"") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@UNBUFFERED
def test_141_in_the_middle_of_the_records(folder: Path, form: str, unbuffered: str) -> None:
    (folder / "logs" / "many.log").write_bytes(CLEAN * 60_000)
    command = [*COMMAND, "records", "logs/many.log", "--to", form]
    environ = {**QUIET, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ) as process:
        assert process.stdout
        assert process.stderr
        assert 1 == len(process.stdout.read(1))
        process.stdout.close()
        assert b"" == process.stderr.read()
        assert 141 == process.wait()


@UNBUFFERED
def test_a_slow_reader_gets_all_of_it(folder: Path, unbuffered: str) -> None:
    (folder / "logs" / "many.log").write_bytes(CLEAN * 3000)
    ended = run(folder, "records", "logs/many.log", environ={"PYTHONUNBUFFERED": unbuffered})
    assert (0, 3000) == (ended.code, len(ended.out.splitlines()))


def test_the_installed_script_is_the_module(folder: Path) -> None:
    script = Path(sys.executable).with_name("s3guard")
    ended = subprocess.run([script, "--version"], cwd=folder, capture_output=True, check=False, env=QUIET)
    assert (0, f"s3guard {__version__}\n") == (ended.returncode, ended.stdout.decode())
    assert ended.stdout.decode() == run(folder, "--version").out
