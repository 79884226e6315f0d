"""Policies that tests write into a repository of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3guard.policy import Policy, PolicyError, load

HEAD = "version: 1\npolicy: p\nbuckets: [b]\n"
"""How most of them begin: three lines."""


def repository(folder: Path) -> Path:
    """A git repository with a folder of policies."""
    (folder / ".git").mkdir()
    (folder / "policies").mkdir()
    return folder


def write(repo: Path, name: str, text: str) -> Path:
    """A file in the folder of policies."""
    file = repo / "policies" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def load_one(repo: Path, text: str) -> Policy:
    """The one policy of a text, loaded from ``policies/p.yaml``."""
    (policy,) = load([write(repo, "p.yaml", text)], repo)
    return policy


def faults(repo: Path, text: str | None = None) -> list[str]:
    """The problems of the policies of a repository, as printed; of one file alone where its text is given."""
    path = repo / "policies" if text is None else write(repo, "p.yaml", text)
    with pytest.raises(PolicyError) as caught:
        load([path], repo)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    assert sorted(set(caught.value.problems)) == list(caught.value.problems)
    return [str(problem).removeprefix("policies/") for problem in caught.value.problems]


def rules(policy: Policy) -> dict[str, int]:
    """The rules that are judged, by name within the policy, and their lines."""
    return {bound.name.removeprefix(f"{policy.name}/"): bound.location.line for bound in policy.rules}
