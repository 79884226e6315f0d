"""What `ci/docs` writes: the schema of policies, and the parts of the README that s3guard tells of itself."""
# ruff: noqa: INP001 - a script beside others, no package

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
SCHEMA: Final = ROOT / "policies" / "schema.json"
_BLOCK: Final = re.compile(r"(<!-- generated: ([a-z]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_DEMO: Final = ("check", "tests/logs/demo", "--as-of", "2026-10-02T00:00:00Z", "--output", "text")
_STRENGTHS: Final = ("direct", "configuration", "supporting", "none")
_TOLD: Final = "log-archive/operations/no-deletes"
"""The check of the demo that the README shows."""


def said(*arguments: str) -> str:
    """What s3guard writes to standard output, 80 columns wide and whatever the environment sets; a failure of its own ends this script."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("S3GUARD_")} | {"COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "s3guard", *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - our own
    if ended.returncode not in (0, 1):
        raise SystemExit(f"ci/docs: s3guard {' '.join(arguments)} ended with {ended.returncode}:\n{ended.stderr}")
    return ended.stdout


def demo() -> str:
    """One violation of the demo, as text."""
    paragraphs = said(*_DEMO).split("\n\n")
    told = next(paragraph for paragraph in paragraphs if f" {_TOLD} " in paragraph.split("\n")[0])
    return f"```text\n{told.rstrip()}\n```\n"


def rules() -> str:
    """A table of all rules."""
    rows = [
        f"| `{rule['name']}` | {rule['title']} | {', '.join(rule['subject']) or 'one group of everything'} | {rule['severity']} |"
        for rule in json.loads(said("rules", "--format", "json"))
        if not rule["name"].startswith("logging/")
    ]
    return "\n".join(["| rule | what is true when it passes | a finding is one | severity |", "| --- | --- | --- | --- |", *rows, ""])


def checks() -> str:
    """A table of all checks of the audit."""
    rows = [
        f"| `{rule['name']}` | {rule['title']} | {rule['severity']} |"
        for rule in json.loads(said("rules", "--format", "json"))
        if rule["name"].startswith("logging/")
    ]
    return "\n".join(["| check | what is true when it passes | severity |", "| --- | --- | --- |", *rows, ""])


def frameworks() -> str:
    """A table of the frameworks, with how many controls have which evidence at best."""
    rows = []
    for one in json.loads(said("controls", "--format", "json")):
        best = [_best(control) for control in one["controls"]]
        rows.append(f"| `{one['id']}` | {one['title']} | {' | '.join(str(best.count(strength)) for strength in _STRENGTHS)} |")
    heads = "| framework | title | direct | of the configuration | supporting | none |"
    return "\n".join([heads, "| --- | --- | ---: | ---: | ---: | ---: |", *rows, ""])


def _best(control: dict[str, Any]) -> str:
    """The strongest evidence of a control."""
    found = {entry["strength"] for entry in control.get("evidence", ())}
    return next((strength for strength in _STRENGTHS if strength in found), _STRENGTHS[-1])


def least() -> str:
    """The least IAM policy of an audit."""
    return f"```json\n{said('audit', '--iam-policy')}```\n"


def help_() -> str:
    """The help pages of all verbs and, folded, of the two that have most."""
    first, *others = (
        f"```text\n$ s3guard {arguments}\n{said(*arguments.split())}```\n" for arguments in ("--help", "check --help", "audit --help")
    )
    folded = (
        f"\n<details>\n<summary>All flags of <code>s3guard {verb}</code></summary>\n\n{page}\n</details>\n"
        for verb, page in zip(("check", "audit"), others, strict=True)
    )
    return "".join([first, *folded])


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "demo": demo,
    "rules": rules,
    "checks": checks,
    "frameworks": frameworks,
    "least": least,
    "help": help_,
}


def generated() -> dict[Path, str]:
    """Each file with the text that it should have."""
    # NOTE: GitHub needs an empty line between a comment and what follows it.
    readme = _BLOCK.sub(lambda block: f"{block[1]}\n{BLOCKS[block[2]]()}\n{block[3]}", README.read_text(encoding="utf-8"))
    return {SCHEMA: said("schema"), README: readme}


def main() -> int:
    """Write, or with ``--check`` compare; 1 where something differs."""
    wanted = generated()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if sys.argv[1:] == ["--check"]:
            sys.stdout.write(f"{path.relative_to(ROOT)} is not what s3guard says of itself today; run ci/docs\n")
        else:
            path.write_text(wanted[path], encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 1 if stale and sys.argv[1:] == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main())
