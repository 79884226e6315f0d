"""Which lines and branches of s3guard the tests reach: ``-p tests.covered`` tells them at the end, and fails below the floor.

What is measured, and the floor, are in pyproject under ``tool.slipcover``; build/coverage.xml has it all, for other people's tools.

NOTE: by SlipCover and not coverage.py, with which Python 3.11 takes 1.8 times as long for these tests: that is called at every line of
every module, this rewrites the modules that are measured and takes its probes out again. Both tell the same lines.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest
import slipcover
from slipcover.config import read_config

ROOT: Final = Path(__file__).parent.parent
REPORT: Final = ROOT / "build" / "coverage.xml"


def pytest_configure(config: pytest.Config) -> None:
    """Measure in this process, or in each of its workers."""
    settings = read_config(ROOT / "pyproject.toml")
    is_worker = hasattr(config, "workerinput")
    told = None if is_worker else Told(settings["fail-under"])
    if told is not None:
        config.pluginmanager.register(told)
    if told is None or not config.getoption("numprocesses", None):
        config.pluginmanager.register(Measured(settings, told))


class Measured:
    """The measurement of one process, from before it imports s3guard."""

    def __init__(self, settings: dict[str, Any], told: Told | None) -> None:
        if "s3guard" in sys.modules:
            raise pytest.UsageError("s3guard was imported before it could be measured; a conftest of `testpaths` must not import it")
        self._told = told
        source = [str(ROOT / settings["source"])]
        self._slipcover = slipcover.Slipcover(branch=settings["branch"], source=source, exclude_also=settings["exclude-also"])
        slipcover.ImportManager(self._slipcover, slipcover.FileMatcher(sources=source)).__enter__()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Hand over what was found when the tests have run."""
        done = yield
        found = json.dumps(self._slipcover.get_coverage())
        if self._told is None:
            session.config.workeroutput["covered"] = found  # type: ignore[attr-defined] # xdist's
        else:
            self._told.found.append(json.loads(found))
        return done


class Told:
    """What all processes found together."""

    def __init__(self, floor: float) -> None:
        self.found: list[dict[str, Any]] = []
        self._floor = floor

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker came to its end; of one that crashed there is nothing."""
        if "covered" in getattr(node, "workeroutput", {}):
            self.found.append(json.loads(node.workeroutput["covered"]))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Fail where less was reached than the floor."""
        done = yield
        if self._reached() < self._floor:
            session.testsfailed += 1
        return done

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Every file that has lines or branches that no test reached."""
        terminalreporter.section("coverage")
        if not self.found:
            terminalreporter.line("nothing was measured")
            return
        slipcover.print_coverage(self._together(), outfile=terminalreporter, skip_covered=True, missing_width=80)
        REPORT.parent.mkdir(exist_ok=True)
        with REPORT.open("w", encoding="utf-8") as file:
            slipcover.print_xml(self._together(), source_paths=[str(ROOT)], with_branches=True, outfile=file)
        told = "reached" if self._reached() >= self._floor else "NOT reached"
        terminalreporter.line(f"{self._reached():.2f} % of lines and branches; {told}: {self._floor:g} %")

    def _together(self) -> dict[str, Any]:
        first, *others = self.found
        for other in others:
            slipcover.merge_coverage(first, other)
        self.found = [first]
        return first

    def _reached(self) -> float:
        return float(self._together()["summary"]["percent_covered"]) if self.found else 0.0
