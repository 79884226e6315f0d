"""What the first page of a pack over a state says of violations that its runs told, and of lines that a state keeps no text of."""

from __future__ import annotations

from pathlib import Path

from s3guard.evidence.sheet import Part, Rows, Said
from s3guard.evidence.verify import Request, shown_of
from tests import lines
from tests.cli.project import Here

POLICY = """\
version: 1
policy: p
buckets: [examplebucket]
rules:
  networks: {allow: [10.0.0.0/8]}
review: {every: 1d, grace: 6h}
"""


def test_violations_that_a_run_told_are_no_pass_on_the_first_page(here: Here, tmp_path: Path) -> None:
    world = tmp_path / "world"
    (world / "policies").mkdir(parents=True)
    (world / ".git").mkdir()
    (world / "policies" / "p.yaml").write_text(POLICY, encoding="utf-8")
    (world / "a.log").write_bytes(lines.record(logged_time=b"[06/Feb/2019:00:00:38 +0000]").render() + b"\nno record\n")
    here.patch.chdir(world)
    assert 1 == here("check", "a.log", "--state", "st", "--as-of", "2019-02-07T00:00:00Z", "-q").code
    period = ("--from", "2019-02-06T00:00:00Z", "--to", "2019-02-07T00:00:00Z", "--as-of", "2019-02-07T00:00:00Z")
    assert 3 == here("evidence", "pack", "--state", "st", *period, "-o", "e.tar").code
    page, _ = shown_of(Request(world / "e.tar"))
    assert ("fail", "Violations were found") == (page.kind, page.word)
    assert "1 of 1 check failed" in page.headline
    found, covered = (part for part in page.parts if part.name in ("found", "covered"))
    assert ["Checks that failed"] == [block.label for block in found.blocks if isinstance(block, Rows)]
    assert "1 line could not be read as a record, so no rule judged it. Their text was not kept: quarantined.jsonl is empty." in said(
        covered
    )


def said(part: Part) -> list[str]:
    return [block.text for block in part.blocks if isinstance(block, Said)]
