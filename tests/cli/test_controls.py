"""``s3guard controls``, ``explain`` of a control, and ``--framework``: what gives evidence for what, and who says so."""

from __future__ import annotations

import json
import re

import pytest

from s3guard import frameworks
from tests.cli.conftest import Ran, Runner


@pytest.fixture
def told(s3guard: Runner) -> Runner:
    return s3guard
