"""Policy files among files and folders: which are read, what they are called, and which of them are packs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from s3guard import utf8
from s3guard.model import UsageError
from s3guard.policy import PolicyError, load
from s3guard.problems import Problem
from tests.policies import HEAD, faults, repository, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a folder of policies."""
    return repository(tmp_path)


def test_a_folder_holds_policies_at_any_depth_and_several_in_a_file(repo: Path) -> None:
    text = "version: 1\npolicy: {0}\nbuckets: b\nrules: {{anonymous: }}\n"
    write(repo, "z.yaml", f"{text.format('d')}---\n{text.format('c')}")
    write(repo, "deep/er/x.yml", text.format("a"))
    write(repo, ".hidden/x.yaml", "nonsense: [")
    write(repo, ".hidden.yaml", "nonsense: [")
    write(repo, "notes.txt", "nonsense: [")
    found = load([repo / "policies", repo / "policies" / "z.yaml"], repo)
    assert ["a", "c", "d"] == [policy.name for policy in found]
    assert ["deep/er/x.yml", "z.yaml", "z.yaml"] == [policy.file.removeprefix("policies/") for policy in found]
    assert [2, 7, 2] == [policy.location.line for policy in found]


def test_a_policy_file_whose_ending_is_in_capitals_is_judged_by_as_any_other(repo: Path) -> None:
    text = "version: 1\npolicy: {0}\nbuckets: b\nrules: {{anonymous: }}\n"
    write(repo, "plain.yaml", text.format("plain"))
    write(repo, "LOUD.YAML", text.format("loud"))
    write(repo, "short.Yml", text.format("short"))
    assert ["loud", "plain", "short"] == [policy.name for policy in load([repo / "policies"], repo)]


def test_paths_in_messages_are_relative_to_the_git_root_else_to_the_working_directory(
    repo: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo / "policies")
    write(repo, "p.yaml", "a: 1\n")
    with pytest.raises(PolicyError, match=r"^policies/p\.yaml:1:1: "):
        load([Path("p.yaml")])
    outside = tmp_path_factory.mktemp("outside")
    (outside / "p.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=f"^{re.escape(str(outside))}/p\\.yaml:1:1: "):
        load([outside])
    monkeypatch.chdir(outside)
    with pytest.raises(PolicyError, match=r"^p\.yaml:1:1: "):
        load([Path("p.yaml")])


def test_a_pack_is_no_policy_but_it_is_checked(repo: Path) -> None:
    write(repo, "p.yaml", HEAD + "rules: {anonymous: {}}\n")
    write(repo, "packs/x.yaml", 'version: 1\npolicy: x\nrules: {writers: {allow: ["@open"], deny: ["@also-open"]}}\n')
    assert ["p"] == [policy.name for policy in load([repo / "policies"], repo)]
    write(repo, "packs/x.yaml", "version: 1\npolicy: x\nrules: {writer: {}}\n")
    assert ["packs/x.yaml:3:9: no rule is named 'writer'; did you mean writers?"] == faults(repo)


def test_a_document_without_buckets_is_a_pack_only_where_something_says_so(repo: Path) -> None:
    write(repo, "shared.yaml", "version: 1\npolicy: shared\nrules: {anonymous: {}}\n")
    assert [
        "shared.yaml:2:1: `buckets` is missing: only a pack goes without, in a folder named packs or where a policy extends it"
    ] == faults(repo)
    write(repo, "p.yaml", HEAD + "extends: shared.yaml\n")
    assert ["p"] == [policy.name for policy in load([repo / "policies"], repo)]


def test_packs_alone_are_no_policies(repo: Path) -> None:
    pack = write(repo, "packs/x.yaml", "version: 1\npolicy: x\nrules: {anonymous: {}}\n")
    with pytest.raises(UsageError, match=r"^no policy in policies/packs/x\.yaml: only packs, which name no buckets$"):
        load([pack], repo)
    assert () == load([pack], repo, require=False)


def test_two_policies_of_one_name_are_a_fault_that_names_both_places(repo: Path) -> None:
    for name in ("a", "b"):
        write(repo, f"{name}.yaml", "version: 1\n\npolicy: same\nbuckets: b\nrules: {anonymous: {}}\n")
    assert ["b.yaml:3:1: a policy named 'same' stands at policies/a.yaml:3:1 already"] == faults(repo)


def test_what_is_not_there_and_what_is_empty_is_a_fault(repo: Path) -> None:
    (repo / "empty").mkdir()
    with pytest.raises(PolicyError) as caught:
        load([repo / "empty", repo / "absent", repo / "policies"], repo)
    assert [
        Problem("absent", 0, 0, "no such file or folder"),
        Problem("empty", 0, 0, "the folder holds no policy file (*.yaml, *.yml)"),
        Problem("policies", 0, 0, "the folder holds no policy file (*.yaml, *.yml)"),
    ] == list(caught.value.problems)


def test_a_file_of_ten_megabytes_is_refused_unread(repo: Path) -> None:
    assert ["p.yaml:1:1: the file is larger than 1 MiB"] == faults(repo, HEAD + "#" * 10_000_000)
    assert utf8.MAX_BYTES < 10_000_000


def test_a_folder_named_like_a_file_cannot_be_read_as_one(repo: Path) -> None:
    (repo / "policies" / "x.yaml").mkdir()
    write(repo, "x.yaml/p.yaml", HEAD + "rules: {anonymous: {}}\n")
    assert ["p"] == [policy.name for policy in load([repo / "policies"], repo)]
    assert ["p.yaml:4:10: no such file 'x.yaml'"] == faults(repo, HEAD + "extends: x.yaml\n")


def test_a_link_that_leads_nowhere_is_a_fault(repo: Path) -> None:
    (repo / "policies" / "gone.yaml").symlink_to("nowhere.yaml")
    (repo / "policies" / "self.yaml").symlink_to("self.yaml")
    assert [
        "gone.yaml: the file cannot be read: No such file or directory",
        "self.yaml: the file cannot be read: Too many levels of symbolic links",
    ] == faults(repo)


def test_a_folder_that_cannot_be_read_is_a_fault(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "p.yaml", HEAD + "rules: {anonymous: {}}\n")
    secret = repo / "policies" / "secret"
    secret.mkdir()
    listed = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path) == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert ["secret: the folder cannot be read: Permission denied"] == faults(repo)


def test_links_in_circles_end(repo: Path) -> None:
    write(repo, "p.yaml", HEAD + "rules: {anonymous: {}}\n")
    (repo / "policies" / "loop").symlink_to(repo / "policies", target_is_directory=True)
    (repo / "policies" / "same.yaml").symlink_to(repo / "policies" / "p.yaml")
    assert ["p"] == [policy.name for policy in load([repo / "policies"], repo)]


def test_a_link_to_a_folder_of_policies_is_told_since_it_is_not_followed(repo: Path) -> None:
    write(repo, "p.yaml", HEAD + "rules: {anonymous: {}}\n")
    (repo / "shared" / "deep").mkdir(parents=True)
    (repo / "policies" / "link").symlink_to(repo / "shared", target_is_directory=True)
    (repo / "policies" / "around").symlink_to(repo, target_is_directory=True)
    assert ["p"] == [policy.name for policy in load([repo / "policies"], repo)]
    (repo / "shared" / "deep" / "q.YAML").write_text(HEAD)
    assert ["link: a link to a folder is not followed; give the folder itself with --policy"] == faults(repo)


def test_a_link_to_a_folder_that_cannot_be_read_may_lead_to_policies(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "p.yaml", HEAD + "rules: {anonymous: {}}\n")
    (repo / "shared").mkdir()
    (repo / "policies" / "link").symlink_to(repo / "shared", target_is_directory=True)
    listed = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path) == repo / "shared":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert ["link: a link to a folder is not followed; give the folder itself with --policy"] == faults(repo)
