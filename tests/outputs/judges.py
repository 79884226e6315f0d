"""Other people's validators of OSCAL, OCSF and ASFF, where they are installed.

They are in the dependency group ``formats``, which `ci/formats` installs: 40 packages that the ordinary environment does without. Where
they are missing the tests that ask them are skipped and say so; with ``S3GUARD_TOOLS=required`` they fail.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def judge(name: str) -> Any:
    """The module that asks the validators of a format."""
    try:
        return importlib.import_module(f"tests.outputs.{name}_judges")
    except ModuleNotFoundError as error:
        reason = f"no validator of {name}: {error}; ci/formats installs it"
        if os.environ.get("S3GUARD_TOOLS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
