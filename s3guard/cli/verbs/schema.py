"""``s3guard schema``: the JSON Schema of policies."""

from __future__ import annotations

from s3guard.cli import ending, options, terminal
from s3guard.outputs import json_text

ORDER = 5
EXAMPLES = """
s3guard schema > policies/schema.json
"""


def schema(*, verbose: options.Trace = False) -> int:  # noqa: ARG001 - whoever runs the verb looks at it
    """Print the JSON Schema of policy files.

    Editors complete and check policies by it: name it in the first line of a file, as in
    "# yaml-language-server: $schema=schema.json".
    """
    from s3guard.schema import schema as of_policies

    terminal.put([json_text(of_policies())])
    return ending.CLEAN
