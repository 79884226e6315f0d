"""An account of a thousand buckets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_thousand_buckets_take_little_more_memory_than_a_hundred_and_progress_is_told() -> None:
    # NOTE: in a process of its own: this one has had its most memory already.
    command = [sys.executable, "-m", "tests.audit.thousand", "100", "1000"]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    few, many = json.loads(ended.stdout)
    assert [(100, [200, 200], True), (1000, [2000, 2000], True)] == [(one["buckets"], one["told"], one["ordered"]) for one in (few, many)]
    # NOTE: two calls a source (how it logs, what was delivered), beside those of ten log buckets and the account.
    assert 2 * 990 <= many["calls"] <= 2 * 990 + 200
    assert many["results"] > 10 * 1000
    assert many["rss_kib"] - few["rss_kib"] < 40 * 1024
