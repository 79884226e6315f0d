"""A full check beside grep, wc and cat over the same bytes: paired, interleaved, medians, and the peak of memory.

``python -m tests.bench.bench_check`` prints a table, writes build/bench/results.json, and ends with 1 where a bound is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import bench_s3, generate, synthetic
from tests.bench import bench_state as bench_state_
from tests.bench import bench_usual as bench_usual_
from tests.bench import bench_watch as bench_watch_

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DATA = HERE.parent.parent / "build" / "bench"
MILLION = 1_000_000
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    seconds: float
    """Wall clock, start-up included."""
    cpu: float
    """Seconds of all processors together."""
    memory: int
    """Bytes resident at the peak, of the largest of its processes; never less than this process itself holds, some 40 MB."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the result: what was measured, and the bound that it should stay within, if there is one."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    """The largest value that is good."""
    least: float | None = None
    """The smallest one."""

    @property
    def broken(self) -> bool:
        """Whether the value is beyond a bound."""
        return (self.bound is not None and self.value > self.bound) or (self.least is not None and self.value < self.least)

    @property
    def verdict(self) -> str:
        """What became of the bounds; empty where there is none."""
        bounds = [f"at most {self.bound:g}"] if self.bound is not None else []
        bounds += [f"at least {self.least:g}"] if self.least is not None else []
        return f"  {', '.join(bounds)}: {'BROKEN' if self.broken else 'kept'}" if bounds else ""


def cost(command: Sequence[str], folder: Path | None = None, expected: tuple[int, ...] = (0,), said: list[bytes] | None = None) -> Cost:
    """Runs a command with its output into a pipe; SystemExit with its last words when it ends otherwise than expected.

    What it said goes to the end of `said`.
    """
    # NOTE: into a pipe, since GNU grep stops at the first match when its output is /dev/null.
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode not in expected:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output.decode(errors='replace')[-3000:]}")
    if said is not None:
        said.append(output)
    # NOTE: kilobytes on Linux, bytes on macOS.
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def check(logs: Path | str) -> list[str]:
    """The command of a full check of a file, a folder or a URL: all rules over records, three outputs."""
    out = DATA / "reports"
    out.mkdir(parents=True, exist_ok=True)
    outputs = [part for name in ("json", "junit", "sarif") for part in ("--output", f"{name}:{out / name}")]
    policy = ["--policy", str(HERE / "policy-bench.yaml"), "--as-of", "2026-10-04T00:00:00Z"]
    return [str(Path(sys.executable).with_name("s3guard")), "check", str(logs), *policy, *outputs]


def interleaved(rounds: int, commands: Mapping[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """The costs of all commands in all rounds; one after the other within a round, after one that does not count."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, run in commands.items():
            measured = run()
            if number:
                costs[name].append(measured)
                print(f"  round {number}: {name:<8} {measured.seconds:6.2f} s  {measured.memory / 2**20:6.0f} MB", file=sys.stderr)
    return costs


def median(costs: list[Cost]) -> float:
    """The median of the wall clock."""
    return statistics.median(cost.seconds for cost in costs)


def ratio(costs: dict[str, list[Cost]], name: str, other: str) -> float:
    """The median, over the rounds, of how many times longer `name` took than `other` did in the same round."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(costs[name], costs[other], strict=True))


def made(name: str, write: Callable[[Path], None]) -> Path:
    """Data by name, written unless the same generator wrote it before."""
    path, stamp = DATA / name, DATA / f"{name}.made"
    generator = (HERE / "generate.py").read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != generator:
        shutil.rmtree(path, ignore_errors=True)
        DATA.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        write(path)
        print(f"  wrote {path} in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        stamp.write_text(generator, encoding="utf-8")
    return path


def bench_start(rounds: int) -> list[Line]:
    """How long a person waits for help."""
    command = [str(Path(sys.executable).with_name("s3guard")), "--help"]
    costs = interleaved(rounds, {"--help": lambda: cost(command)})
    return [Line("s3guard --help", median(costs["--help"]), "s", 0.3)]


def bench_million(rounds: int) -> list[Line]:
    """A million records in one file, beside grep and wc."""
    logs = made("million.log", lambda path: generate.write_file(path, MILLION))
    grep, wc = ["grep", "-c", "AccessDenied", str(logs)], ["wc", "-l", str(logs)]
    runs = {"check": lambda: cost(check(logs), expected=(1,)), "grep": lambda: cost(grep), "wc": lambda: cost(wc)}
    costs = interleaved(rounds, runs)
    peak = max(measured.memory for measured in costs["check"])
    return [
        Line("1,000,000 records, check", median(costs["check"]), "s"),
        Line("grep -c AccessDenied", median(costs["grep"]), "s"),
        Line("wc -l", median(costs["wc"]), "s"),
        Line("check / grep", ratio(costs, "check", "grep"), "times", 10),
        Line("check / wc", ratio(costs, "check", "wc"), "times"),
        Line("records a second", MILLION / median(costs["check"]), "1/s"),
        Line("peak memory", peak / GIB, "GiB", 1.5),
    ]


def bench_traffic(rounds: int) -> list[Line]:
    """What the traffic of a million records costs: seconds of processors of a check that measures it beside one that does not."""
    logs = made("million.log", lambda path: generate.write_file(path, MILLION))
    command = [sys.executable, "-m", "tests.bench.bench_traffic", str(logs), str(HERE / "policy-bench.yaml")]
    runs = {name: partial(cost, [*command, name], ROOT) for name in ("without", "traffic")}
    costs = interleaved(rounds, runs)
    spent = {name: statistics.median(one.cpu for one in costs[name]) for name in runs}
    times = statistics.median(one.cpu / other.cpu for one, other in zip(costs["traffic"], costs["without"], strict=True))
    peak = {name: max(one.memory for one in costs[name]) for name in runs}
    return [
        Line("1,000,000 records, without, CPU", spent["without"], "s"),
        Line("1,000,000 records, traffic, CPU", spent["traffic"], "s"),
        Line("traffic / without, CPU", times, "times", 4 / 3),
        Line("traffic / without, memory", peak["traffic"] / peak["without"], "times", 1.15),
    ]


def bench_large(rounds: int) -> list[Line]:
    """Ten million records need no more memory than one million."""
    million = made("million.log", lambda path: generate.write_file(path, MILLION))
    large = made("ten-million.log", lambda path: generate.write_file(path, 10 * MILLION))
    one = min(cost(check(million), expected=(1,)).memory for _ in range(rounds))
    ten = cost(check(large), expected=(1,))
    return [
        Line("10,000,000 records, check", ten.seconds, "s"),
        Line("peak memory", ten.memory / GIB, "GiB", 1.5),
        Line("memory of 10,000,000 / 1,000,000", ten.memory / one, "times", 1.15),
    ]


def bench_small(rounds: int) -> list[Line]:
    """A million records in 20,000 files, beside cat and wc."""
    folder = made("small", lambda path: generate.write_folder(path, MILLION, 20_000))
    cat = ["sh", "-c", "cat * | wc -l"]
    runs = {"check": lambda: cost(check(folder), expected=(1,)), "cat": lambda: cost(cat, folder)}
    costs = interleaved(rounds, runs)
    return [
        Line("20,000 files, check", median(costs["check"]), "s"),
        Line("cat * | wc -l", median(costs["cat"]), "s"),
        Line("check / cat", ratio(costs, "check", "cat"), "times", 3),
        Line("peak memory", max(measured.memory for measured in costs["check"]) / GIB, "GiB", 1.5),
    ]


def bench_bucket(rounds: int) -> list[Line]:
    """20,000 objects of some 30 kB out of SeaweedFS, listed and read by the source, and by boto3 in 32 threads."""
    files = 20_000
    folder = made("small", lambda path: generate.write_folder(path, MILLION, files))

    def run(commands: dict[str, list[str]]) -> dict[str, list[Cost]]:
        return interleaved(min(rounds, 3), {name: partial(cost, command, ROOT) for name, command in commands.items()})

    costs = bench_s3.measured(folder, DATA / "weed", run)
    return [
        Line("20,000 objects, the source", median(costs["source"]), "s"),
        Line("20,000 objects, boto3, 32 threads", median(costs["boto3"]), "s"),
        Line("objects a second, the source", files / median(costs["source"]), "1/s"),
        Line("objects a second, boto3", files / median(costs["boto3"]), "1/s"),
        Line("boto3 / the source", ratio(costs, "boto3", "source"), "times", least=2.5),
        Line("peak memory, the source", max(measured.memory for measured in costs["source"]) / GIB, "GiB", 0.25),
    ]


def bench_state(rounds: int) -> list[Line]:
    """Runs with a state that are killed and that run at once, on both kinds; and a state of many entries, compacted."""
    lines: list[Line] = []
    for kind, place in (("folder", contextlib.nullcontext()), ("SeaweedFS", bench_state_.bucket(DATA / "weed"))):
        folder = DATA / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        state = str(folder / "state") if kind == "folder" else f"s3://{bench_state_.BUCKET}/state"
        with place:
            command = [sys.executable, "-m", "tests.bench.bench_state", "kills", str(folder), state, "1"]
            said: list[bytes] = []
            spent = cost(command, ROOT, said=said)
        toll = json.loads(said[0].splitlines()[-1])
        lines += [
            Line(f"runs killed, {kind}", toll["killed"], "", least=bench_state_.KILLS),
            Line(f"runs that ended, {kind}", toll["ended"], ""),
            Line(f"seconds, {kind}", spent.seconds, "s"),
        ]
    folder = DATA / "entries"
    cost([sys.executable, "-m", "tests.bench.bench_state", "fill", str(folder)], ROOT)
    command = bench_state_.check(folder)
    before = [cost(command, ROOT, expected=(0, 1)) for _ in range(min(rounds, 3))]
    files = len(list((folder / "state").rglob("*.s3guard")))
    spent = cost([command[0], "state", "compact", str(folder / "state")], ROOT)
    after = [cost(command, ROOT, expected=(0, 1)) for _ in range(min(rounds, 3))]
    return [
        *lines,
        Line("entries", files, ""),
        Line("check of nothing new", median(before), "s"),
        Line("peak memory", max(one.memory for one in before) / 2**20, "MB"),
        Line("state compact", spent.seconds, "s"),
        Line("peak memory, compact", spent.memory / 2**20, "MB"),
        Line("check of nothing new, compacted", median(after), "s"),
        Line("peak memory, compacted", max(one.memory for one in after) / 2**20, "MB"),
    ]


def bench_watch(rounds: int) -> list[Line]:
    """A watch over thousands of messages, which must lose none, count none twice, and not grow."""
    done = bench_watch_.measured(DATA / "watch", 1_000 * rounds, lambda text: print(text, file=sys.stderr))
    return [
        Line("messages", done.sent, ""),
        Line("seconds", done.seconds, "s"),
        Line("log objects in the state / sent", done.objects / done.sent, "times", 1, 1),
        Line("memory, warm", done.memory[int(len(done.memory) * bench_watch_.WARM)] / 2**20, "MB"),
        Line("memory, in the end", done.memory[-1] / 2**20, "MB", 400),
        Line("in the end / warm", done.growth, "times", 1.1),
    ]


def bench_usual(rounds: int) -> list[Line]:
    """What rules about what is usual find in generated seasons, with things planted in them, and what they find where there is nothing."""
    return [Line(*one) for one in bench_usual_.lines(bench_usual_.scored(8 * rounds))]


def bench_memory(rounds: int, gib: float = 10) -> list[Line]:
    """Ten times as many objects out of S3, of 1 MiB each, need hardly more memory."""

    def run(size: float) -> Cost:
        return synthetic.measured(size, lambda url: cost(check(url), expected=(1,)))

    one = min((run(1) for _ in range(min(rounds, 2))), key=lambda measured: measured.memory)
    many = run(gib)
    return [
        Line("1 GiB out of S3, check", one.seconds, "s"),
        Line(f"{gib:g} GiB out of S3, check", many.seconds, "s"),
        Line("peak memory, 1 GiB", one.memory / GIB, "GiB", 1.5),
        Line(f"peak memory, {gib:g} GiB", many.memory / GIB, "GiB", 1.5),
        # NOTE: tables that wait to be joined fill up within some GiB (`engines.local.LOOSE`); from then on nothing may grow.
        Line(f"memory of {gib:g} GiB / 1 GiB", many.memory / one.memory, "times", 1.5),
    ]


PARTS = {
    "start": bench_start,
    "million": bench_million,
    "traffic": bench_traffic,
    "small": bench_small,
    "large": bench_large,
    "s3": bench_bucket,
    "state": bench_state,
    "watch": bench_watch,
    "memory": bench_memory,
    "usual": bench_usual,
}


def main() -> int:
    """Measures the parts that were asked for; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(prog="ci/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default all")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds of each command (default 5)")
    parser.add_argument("--gib", type=float, default=10, help="GiB of the larger run of the part memory (default 10)")
    chosen = parser.parse_args()
    parts: dict[str, Callable[[int], list[Line]]] = {**PARTS, "memory": partial(bench_memory, gib=chosen.gib)}
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    rows: list[tuple[str, Line]] = []
    for part in chosen.parts or PARTS:
        print(f"{part}: {PARTS[part].__doc__}", file=sys.stderr)
        rows += [(part, line) for line in parts[part](chosen.rounds)]
    for part, line in rows:
        print(f"{part:<8} {line.name:<34} {line.value:>12,.2f} {line.unit:<5}{line.verdict}")
    results = {f"{part}: {line.name}": [line.value, line.unit] for part, line in rows}
    (DATA / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(any(line.broken for _, line in rows))


if __name__ == "__main__":
    sys.exit(main())
