"""The page in Chromium: nothing that a log could bring runs in it, axe-core finds no fault, and its looks are kept under ``build/report``.

Chromium and two packages of npm are installed by ``.ci/run``; without them these tests are skipped and say so, unless
``S3GUARD_TOOLS=required``. The folder of the packages may be named by ``S3GUARD_BROWSER_TOOLS``.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3guard.model import Report
from s3guard.outputs import Options, html
from tests.outputs import golden, reports, traffics

ROOT = Path(__file__).parent.parent.parent
LOOKS = ROOT / "build/report"
MARK = "MARKEDPLACE"
WIDTHS = (320, 768, 1400)


def missing(what: str) -> None:
    """Skips, or fails where the tools are required."""
    reason = f"{what}; .ci/run installs it"
    if os.environ.get("S3GUARD_TOOLS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def opened(*jobs: dict[str, Any]) -> list[dict[str, Any]]:
    """What became of pages in Chromium."""
    tools = Path(os.environ.get("S3GUARD_BROWSER_TOOLS") or ROOT / "build/tools")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        missing("there is no Chromium")
    if shutil.which("node") is None:
        missing("there is no Node")
    if not all((tools / "node_modules" / name).is_dir() for name in ("playwright-core", "axe-core")):
        missing(f"no playwright-core and axe-core in {tools}")
    asked = json.dumps({"chromium": chromium, "tools": str(tools), "jobs": jobs})
    command = ["node", str(Path(__file__).parent / "browser.mjs")]
    ended = subprocess.run(command, input=asked, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert 0 == ended.returncode, ended.stderr[-3000:]
    told: list[dict[str, Any]] = json.loads(ended.stdout)
    return told


def written(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.html"
    path.write_text(text, encoding="utf-8")
    return str(path)


def page(report: Report) -> str:
    return html.render(report, Options())


def everything(intervals: int) -> Report:
    """A report with something in each part of the page."""
    whole = reports.undetermined()
    results = (*reports.failing().results, *whole.results)
    return replace(whole, results=results, status=reports.failing().status, exit_code=1, traffic=traffics.traffic(intervals))


def test_axe_finds_no_fault_in_light_and_dark(tmp_path: Path) -> None:
    hostile = replace(golden.hostile(), results=golden.hostile().results[:4], traffic=traffics.traffic(1))
    pages = (everything(4), reports.clean(), reports.undetermined(), reports.empty(), hostile)
    files = [written(tmp_path, f"page-{number}", page(report)) for number, report in enumerate(pages)]
    told = opened(*({"file": file, "scheme": scheme, "axe": True} for file in files for scheme in ("light", "dark")))
    assert [[]] * len(told) == [one["axe"] for one in told]


def test_the_page_fits_every_screen_and_its_looks_are_kept(tmp_path: Path) -> None:
    LOOKS.mkdir(parents=True, exist_ok=True)
    file = written(tmp_path, "month", page(everything(720)))
    jobs: list[dict[str, Any]] = [{"file": file, "scheme": scheme, "shot": str(LOOKS / f"{scheme}.png")} for scheme in ("light", "dark")]
    jobs[0]["pdf"] = str(LOOKS / "print.pdf")
    jobs += [{"file": file, "width": width, "shot": str(LOOKS / f"light-{width}.png")} for width in WIDTHS]
    told = opened(*jobs)
    assert [[]] * len(told) == [one["said"] for one in told]
    assert {True} == {one["wider"] <= 0 for one in told}
    assert (LOOKS / "print.pdf").read_bytes().startswith(b"%PDF")


def test_hostile_text_brings_nothing_into_the_page(tmp_path: Path) -> None:
    hostile = replace(reports.hostile(), traffic=traffics.hostile())
    (told,) = opened({"file": written(tmp_path, "hostile", page(hostile)), "width": 320})
    assert (None, 0, False, []) == (told["pwned"], told["images"], told["hidden"], told["said"])
    assert told["wider"] <= 0


@pytest.fixture
def beacon() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"window.pwned = 'fetched'")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_even_if_text_were_taken_for_markup_its_policy_would_stop_it(tmp_path: Path, beacon: tuple[str, list[str]]) -> None:
    """As if nothing were escaped: each place where text of a log stands holds a script, a handler, a style and an image."""
    place, asked = beacon
    payload = (
        f"'\"></title></desc></svg></bdi><script>window.pwned = 'script'</script><script src='{place}/s.js'></script>"
        f"<img src='{place}/i.png' onerror=\"window.pwned = 'handler'\"><svg onload=\"window.pwned = 'svg'\"></svg>"
        f"<b data-probe style='color: rgb(1, 2, 3)'>x</b><style>body {{ visibility: hidden }}</style>"
        f"<link rel=stylesheet href='{place}/c.css'>"
        f"<iframe src='{place}/f.html'></iframe><base href='{place}/'><object data='{place}/o'></object>"
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>"
    )
    text = MARK
    marked = replace(reports.report(reports._hostile(1, text)), notes=(text,), traffic=replace(traffics.hostile(), tops=_marked()))
    safe = page(marked)
    assert safe.count(MARK) > 20
    evil = written(tmp_path, "evil", safe.replace(MARK, payload))
    control = written(tmp_path, "control", safe.replace("Content-Security-Policy", "x-nothing").replace(MARK, payload))
    (told,) = opened({"file": evil})
    assert (None, 0, False, 0) == (told["pwned"], told["images"], told["hidden"], told["red"])
    assert told["base"].startswith("file:")
    assert [] == asked
    # NOTE: the probe itself must be able to do harm.
    (told,) = opened({"file": control})
    assert told["pwned"] is not None
    assert told["hidden"]
    assert asked


def _marked() -> tuple[Any, ...]:
    return tuple(traffics.top(column, [MARK, f"{MARK}2"], 99) for column in ("principal", "remote_ip", "key", "user_agent", "error_code"))
