"""The command line: arguments become calls, results become exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run s3guard and exit with its code; nothing but SystemExit is ever raised.

    Without `arguments` it is the process's own command, and ends the process.
    """
    from s3guard.cli import ending

    # NOTE: a run makes few objects that refer to each other in circles, and the collector looked for them through all that is loaded,
    # some 120,000 objects: for 40 ms, were it to begin before they are.
    gc.set_threshold(200_000, 50, 50)
    # NOTE: what else is installed has no say in what a policy means, and to look for it takes as long as all that YAML does.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    given = list(sys.argv[1:] if arguments is None else arguments)

    def task() -> int:
        # NOTE: imported here, so that an interrupt while it loads ends like any other.
        from s3guard.cli import application

        return application.run(given)

    with ending.terminable():
        code = ending.code_of(task, trace=not {"-v", "--verbose"}.isdisjoint(given))
    if arguments is None:
        ending.leave(code)
    sys.exit(code)
