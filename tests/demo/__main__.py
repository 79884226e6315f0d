"""Writes the demo world: ``python -m tests.demo [FOLDER]``, by default over the records in the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.demo.world import FOLDER, objects, stored


def main(folder: Path) -> None:
    """Writes every log object under the folder and prints what it wrote; files that are there already are replaced."""
    for name, lines in objects().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored(name, lines))
        count = lines.count(b"\n")
        print(f"{path.stat().st_size:>8,} bytes  {count:>5,} lines  {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
