"""The command line: arguments become calls, results become exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run s3guard with these arguments (by default the process's own) and exit with its code; nothing else is ever raised."""
    from s3guard.cli import ending

    given = list(sys.argv[1:] if arguments is None else arguments)

    def task() -> int:
        # NOTE: imported here, so that an interrupt while it loads ends like any other.
        from s3guard.cli import application

        return application.run(given)

    with ending.terminable():
        code = ending.code_of(task, trace=not {"-v", "--verbose"}.isdisjoint(given))
    sys.exit(code)
