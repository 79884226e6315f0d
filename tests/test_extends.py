"""What policies share: named lists, packs and files that they extend, with provenance."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3guard import drafts
from s3guard.model import Location
from s3guard.policy import load
from tests.policies import HEAD, faults, load_one, repository, rules, write

PACK = "version: 1\npolicy: hipaa-baseline\nframeworks: [hipaa]\nrules:\n  acl_required: {}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a folder of policies."""
    return repository(tmp_path)


@pytest.fixture
def shipped(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped packs outside the repository, with one pack in it."""
    folder = tmp_path_factory.mktemp("site") / "packs"
    folder.mkdir()
    (folder / "hipaa.yaml").write_text(PACK, encoding="utf-8")
    monkeypatch.setattr(drafts, "shipped_packs", lambda: folder)
    return folder


# --- named lists


def test_named_lists_may_name_others_and_each_item_is_there_once(repo: Path) -> None:
    policy = load_one(
        repo,
        HEAD
        + """\
principals:
  a: ["@b", account:111122223333]
  b: [service:x.amazonaws.com, account:111122223333]
  one: oai:E123
rules:
  writers: {allow: ["@a", "@one", service:x.amazonaws.com], deny: "@b"}
""",
    )
    writers = policy.rules[0].rule.model_dump()
    assert ("service:x.amazonaws.com", "account:111122223333", "oai:E123") == writers["allow"]
    assert ("service:x.amazonaws.com", "account:111122223333") == writers["deny"]


def test_lists_of_principals_and_of_networks_are_apart(repo: Path) -> None:
    lists = "principals: {a: authenticated}\nnetworks: {n: [10.0.0.0/8]}\n"
    text = f'{HEAD}{lists}rules:\n  writers: {{allow: ["@n"]}}\n  networks: {{allow: ["@a", "@n"]}}\n'
    assert ["p.yaml:7:21: '@n' names no list of `principals`", "p.yaml:8:22: '@a' names no list of `networks`"] == faults(repo, text)


def test_a_list_that_nothing_uses_is_checked_as_well(repo: Path) -> None:
    text = HEAD + 'principals: {a: ["@a"], b: [account:1], c: ["@d"]}\nrules: {anonymous: {}}\n'
    assert [
        "p.yaml:4:18: a list of `principals` holds itself: @a > @a",
        "p.yaml:4:29: an account id has 12 digits, 1 has 1 (leading zeros count)",
        "p.yaml:4:45: '@d' names no list of `principals`",
    ] == faults(repo, text)


def test_readers_of_the_logs_take_named_lists(repo: Path) -> None:
    text = f"{HEAD}principals: {{auditors: [account:000000000001, account:000000000002]}}\nlogging:\n"
    policy = load_one(repo, f'{text}  readers: ["@auditors", service:x.amazonaws.com]\n')
    assert policy.logging is not None
    assert ("account:000000000001", "account:000000000002", "service:x.amazonaws.com") == policy.logging.readers
    assert ["p.yaml:6:13: '@auditor' names no list of `principals`; did you mean @auditors?"] == faults(
        repo, text + '  readers: ["@auditor"]\n'
    )


def test_named_lists_nest_only_so_deep(repo: Path) -> None:
    chain = "".join(f'  l{i}: ["@l{i + 1}"]\n' for i in range(3_000))
    problems = faults(repo, HEAD + f"principals:\n{chain}  l3000: authenticated\nrules: {{anonymous: {{}}}}\n")
    assert "more than 20 named lists stand one within the other" == problems[0].split(": ", 1)[1]


def test_named_lists_cannot_multiply_without_bound(repo: Path) -> None:
    accounts = ", ".join(f"account:{i:012}" for i in range(2_000))
    entries = "".join(f'  - {{id: r{i}, allow: "@all"}}\n' for i in range(2_000))
    problems = faults(repo, HEAD + f"principals: {{all: [{accounts}]}}\nrules:\n  writers:\n{entries}")
    assert "p.yaml:32:22: the named lists of this policy come to more than 50,000 items where they are used" == problems[0]


# --- extends


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("name", ["hipaa", "hipaa-baseline"])
def test_a_shipped_pack_is_named_by_its_file_or_its_policy(name: str, repo: Path) -> None:
    policy = load_one(repo, HEAD + f"extends: {name}\n")
    (bound,) = policy.rules
    assert ("p/acl_required", Location("policies/p.yaml", 4)) == (bound.name, bound.location)
    assert ("hipaa.yaml", 5) == (Path(bound.origin.file).name, bound.origin.line)
    assert ("hipaa",) == policy.frameworks


@pytest.mark.usefixtures("shipped")
def test_a_pack_that_is_named_twice_counts_once(repo: Path) -> None:
    assert {"acl_required": 4} == rules(load_one(repo, HEAD + "extends: [hipaa, hipaa-baseline]\n"))


def test_packs_are_shipped() -> None:
    assert {"baseline", "hipaa", "pci-dss", "gdpr"} <= {file.stem for file in drafts.shipped_packs().glob("*.yaml")}


LEFT = """\
version: 1
policy: a
frameworks: [gdpr]
principals: {x: [account:000000000001], y: [account:000000000001]}
rules:
  writers: {allow: ["@x"]}
  volume: [{id: v, requests: 1, per: 1h}, {id: w, requests: 1, per: 1h}]
"""
RIGHT = """\
version: 1
policy: b
frameworks: [soc2, gdpr]
principals: {x: [account:000000000002]}
rules:
  volume: [{id: v, requests: 2, per: 1h}]
  requesters: {allow: ["@x", "@y"]}
mask: X-Session-*
"""
OWN = """\
frameworks: [hipaa]
extends: [packs/a.yaml, ./packs/b.yaml]
principals: {y: [account:000000000003]}
rules:
  volume: [{id: w, enabled: false}]
mask: [x-user-token, x-session-*]
"""


def test_layers_go_from_left_to_right_and_the_own_file_is_last(repo: Path) -> None:
    write(repo, "packs/a.yaml", LEFT)
    write(repo, "packs/b.yaml", RIGHT)
    own = write(repo, "p.yaml", HEAD + OWN)
    (policy,) = load([own], repo)
    by_name = {bound.name: (bound.location, bound.rule.model_dump()) for bound in policy.rules}
    assert ("gdpr", "soc2", "hipaa") == policy.frameworks
    assert ("x-session-*", "x-user-token") == policy.mask
    assert {"p/writers", "p/volume/v", "p/requesters", "p/anonymous"} == set(by_name)
    assert ("account:000000000002",) == by_name["p/writers"][1]["allow"]
    assert ("account:000000000002", "account:000000000003") == by_name["p/requesters"][1]["allow"]
    assert (Location("policies/packs/b.yaml", 6), 2) == (by_name["p/volume/v"][0], by_name["p/volume/v"][1]["requests"])
    assert ("p/volume/w",) == policy.disabled


def test_buckets_tests_and_waivers_are_not_inherited_and_sections_merge_by_key(repo: Path) -> None:
    write(
        repo,
        "base.yaml",
        """\
version: 1
policy: base
description: base
owner: them
buckets: [base]
rules: {anonymous: {}}
logging: {retention: {min: 365d, immediately_available: 90d}, key_format: simple}
review: {every: 1d, grace: 1h}
waivers: [{rule: anonymous, reason: r, expires: 2027-01-01}]
tests: [{name: t, records: [], expect: {undetermined: anonymous}}]
""",
    )
    own = write(repo, "p.yaml", HEAD + "extends: base.yaml\nlogging: {retention: {min: 2190d}}\nreview: {grace: 2h}\n")
    (policy,) = load([own], repo)
    assert (("b",), (), (), None, None) == (policy.buckets, policy.waivers, policy.tests, policy.description, policy.owner)
    assert policy.logging is not None
    assert policy.review is not None
    assert {"key_format": "simple", "retention": {"min": "2190d", "immediately_available": "90d"}} == policy.logging.model_dump(
        mode="json", exclude_none=True
    )
    assert {"every": "1d", "grace": "2h"} == policy.review.model_dump(mode="json", exclude_none=True)


def test_a_document_that_is_met_twice_counts_where_it_is_met_first(repo: Path) -> None:
    write(repo, "packs/base.yaml", "version: 1\npolicy: base\nrules: {anonymous: {max: 1}}\n")
    write(repo, "packs/a.yaml", "version: 1\npolicy: a\nextends: base.yaml\nrules: {anonymous: {max: 2}}\n")
    write(repo, "packs/b.yaml", "version: 1\npolicy: b\nextends: base.yaml\n")
    own = write(repo, "p.yaml", HEAD + "extends: [packs/a.yaml, packs/b.yaml]\n")
    (policy,) = load([own], repo)
    assert 2 == policy.rules[0].rule.model_dump()["max"]


def test_what_a_pack_leaves_open_is_asked_of_the_policy_that_extends_it(repo: Path, shipped: Path) -> None:
    (shipped / "hipaa.yaml").write_text('version: 1\npolicy: hipaa\nrules:\n  writers: {allow: ["@etl"]}\n', encoding="utf-8")
    assert ["p.yaml:4:11: hipaa.yaml, line 4: '@etl' names no list of `principals`; did you mean @elt?"] == faults(
        repo, HEAD + "extends: [hipaa]\nprincipals: {elt: authenticated}\n"
    )
    assert ("authenticated",) == load_one(repo, HEAD + "extends: [hipaa]\nprincipals: {etl: authenticated}\n").rules[0].rule.model_dump()[
        "allow"
    ]


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("hippa", "no shipped pack is named 'hippa'; did you mean hipaa? (a file is written with its ending, .yaml)"),
        ("other", "no shipped pack is named 'other'; packs are hipaa (a file is written with its ending, .yaml)"),
        ("./othr.yaml", "no such file './othr.yaml'; did you mean other.yaml?"),
        ("none/x.yml", "no such file 'none/x.yml'"),
        ('"a\\0.yaml"', "no such file 'a\\x00.yaml'"),
        ("x" * 5_000 + "/y.yaml", f"no such file '{'x' * 60}'..."),
        ("several.yaml", "'several.yaml' holds 2 policies; a file that is extended holds one"),
        ("p.yaml", "a policy cannot extend itself: policies/p.yaml > policies/p.yaml"),
    ],
)
def test_an_entry_of_extends_that_leads_nowhere_is_a_fault(entry: str, fault: str, repo: Path) -> None:
    write(repo, "other.yaml", PACK)
    write(repo, "several.yaml", f"{PACK}---\n{PACK}")
    assert [f"p.yaml:4:11: {fault}"] == faults(repo, HEAD + f'extends: [{entry}]\nrules: {{writers: {{allow: ["@open"]}}}}\n')


def test_a_circle_of_files_is_a_fault_of_the_file_that_closes_it(repo: Path) -> None:
    write(repo, "a.yaml", "version: 1\npolicy: a\nextends: b.yaml\nbuckets: a\n")
    write(repo, "b.yaml", "version: 1\npolicy: b\nextends: a.yaml\nbuckets: b\n")
    assert [
        "a.yaml:3:10: a policy cannot extend itself: policies/b.yaml > policies/a.yaml > policies/b.yaml",
        "b.yaml:3:10: a policy cannot extend itself: policies/a.yaml > policies/b.yaml > policies/a.yaml",
    ] == faults(repo)


def test_files_extend_one_another_only_so_far(repo: Path) -> None:
    for number in range(30):
        write(repo, f"packs/{number}.yaml", f"version: 1\npolicy: n{number}\nextends: {number + 1}.yaml\n")
    write(repo, "packs/30.yaml", "version: 1\npolicy: n30\nrules: {anonymous: {}}\n")
    problems = faults(repo, HEAD + "extends: packs/0.yaml\n")
    assert ["packs/19.yaml:3:10: more than 20 files extend one another"] == problems


def test_faults_of_an_extended_file_are_told_once_and_at_their_own_place(repo: Path) -> None:
    write(repo, "packs/base.yaml", "version: 1\npolicy: base\nrules: {anonymous: {maxx: 1}}\n")
    for name in ("a", "b"):
        write(repo, f"{name}.yaml", f"version: 1\npolicy: {name}\nbuckets: b\nextends: packs/base.yaml\n")
    assert ["packs/base.yaml:3:21: unknown key 'maxx'; did you mean max?"] == faults(repo)


def test_a_pack_that_came_with_the_package_is_told_where_the_policy_extends_it_even_within_the_repository(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # NOTE: an environment in the checkout, as most projects have it: nobody annotates or mends a file below it.
    package = repo / ".venv" / "s3guard"
    (package / "packs").mkdir(parents=True)
    (package / "packs" / "hipaa.yaml").write_text(PACK, encoding="utf-8")
    monkeypatch.setattr(drafts, "_package", lambda: package)
    policy = load_one(repo, HEAD + "extends: [hipaa]\n")
    assert {Location("policies/p.yaml", 4)} == {bound.location for bound in policy.rules}
