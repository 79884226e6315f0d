"""What an installed wheel holds: the modules, the tables, and the packs that policies extend."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_every_module_and_table(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "s3guard"
    expected = {path.relative_to(ROOT).as_posix() for ending in ("*.py", "*.csv", "*.yaml") for path in package.rglob(ending)}
    held = {name for name in wheel.namelist() if name.startswith("s3guard/") and name.endswith((".py", ".csv", ".yaml"))}
    assert expected == {name for name in held if not name.startswith("s3guard/packs/")}


def test_the_wheel_says_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    assert "s3guard/py.typed" in wheel.namelist()


def test_the_wheel_holds_every_pack(wheel: zipfile.ZipFile) -> None:
    for pack in sorted((ROOT / "policies" / "packs").glob("*.yaml")):
        assert pack.read_bytes() == wheel.read(f"s3guard/packs/{pack.name}")


def test_the_wheel_holds_the_licence_and_the_command(wheel: zipfile.ZipFile) -> None:
    info = next(name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name)
    assert (ROOT / "LICENSE").read_bytes() == wheel.read(f"{info}/licenses/LICENSE")
    assert "s3guard = s3guard.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
