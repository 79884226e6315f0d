"""What a pack of one run holds: the same bytes wherever it is made, nobody's secrets, and whatever could not be looked at."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from s3guard.evidence import archive, manifest
from s3guard.evidence.archive import Archive
from s3guard.evidence.lines import LONGEST, Lines
from s3guard.evidence.texts import Texts, texts
from s3guard.parsed import Quarantined
from s3guard.policy import Policy
from s3guard.redaction import NOTHING
from tests import lines
from tests.cli.project import CLEAN, DAMAGED, POLICY, Here, project, run
from tests.outputs.corpus import HOSTILE

SPAN = ("--as-of", "2019-02-07T00:00:00Z", "--since", "2019-02-06T00:00:00Z")
CHECK = ("check", "logs", *SPAN, "--evidence", "e.tar", "-q")
KEY = "9f2c4e1a7b3d58604c1e9a2f7d6b8035e1c4a79b"


def packed(here: Here, *arguments: str, **environ: str) -> tuple[int, Archive]:
    """How the command ended, and the pack that it wrote."""
    ended = here(*arguments, **environ)
    return ended.code, archive.read(here.folder / "e.tar")


def test_a_pack_holds_what_its_manifest_says_and_keeps_the_exit_code_of_the_check(here: Here) -> None:
    without = here("check", "logs", *SPAN, "-q").code
    code, pack = packed(here, *CHECK)
    assert code == without == 1
    found = manifest.parse(pack.data("manifest.json"))
    assert {one.path: (one.size, one.sha256) for one in found.files} == {
        name: (entry.size, entry.sha256) for name, entry in pack.entries.items() if name != "manifest.json"
    }
    assert (found.status, found.exit_code, found.state, found.redacted) == ("fail", 1, None, None)
    assert found.promises.objects == 5
    assert found.policies == {"p": pack.entry("policies/p.yaml").sha256}
    assert pack.data("policies/p.yaml").decode() == POLICY


def test_the_report_in_a_pack_is_that_of_the_check_but_for_the_run_and_the_traffic(here: Here) -> None:
    _, pack = packed(here, *CHECK, "-o", "json:r.json")
    inside, outside = json.loads(pack.data("report.json")), json.loads((here.folder / "r.json").read_bytes())
    assert inside["traffic"]
    assert "traffic" not in outside
    assert inside["run"]["started"] == inside["run"]["finished"] == inside["run"]["as_of"] == "2019-02-07T00:00:00Z"
    for told in (inside, outside):
        for name in ("run", "traffic"):
            told.pop(name, None)
    assert inside == outside


def test_two_checkouts_in_any_order_of_files_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "elsewhere" / "deep"
    for folder in (one, two):
        folder.mkdir(parents=True)
        project(folder)
    logs = [f"logs/{name}.log" for name in ("clean", "stranger", "ambiguous", "damaged", "empty")]
    asked = (*SPAN, "--evidence", "e.tar", "-q")
    assert run(one, "check", *logs, *asked, "-j", "1").code == 1
    assert run(two, "check", *logs[::-1], *asked, "-j", "2", environ={"TZ": "Asia/Kolkata", "LC_ALL": "C", "PYTHONHASHSEED": "7"}).code == 1
    assert (one / "e.tar").read_bytes() == (two / "e.tar").read_bytes()


def test_nothing_of_the_machine_is_in_a_pack(here: Here) -> None:
    _, pack = packed(here, *CHECK, "--state", "state")
    told = b"\n".join(pack.data(name) for name in pack.entries)
    assert str(here.folder).encode() not in told
    assert not re.search(rb"20(2[3-9]|[3-9][0-9])-[0-9]{2}-[0-9]{2}T", pack.data("report.json"))


def test_quarantined_and_ambiguous_lines_are_there_with_their_digests(here: Here) -> None:
    _, pack = packed(here, *CHECK)
    rows = [json.loads(line) for line in pack.entry("quarantined.jsonl").lines()]
    assert [(row["object"], row["line"], row["status"]) for row in rows] == [
        ("logs/ambiguous.log", 2, "ambiguous"),
        ("logs/damaged.log", 2, "quarantined"),
    ]
    assert rows[1]["text"] == "this is no record"
    assert manifest.parse(pack.data("manifest.json")).promises.quarantined == 2
    assert rows[1]["sha256"] == hashlib.sha256(DAMAGED.rstrip(b"\n")).hexdigest()


def test_a_redacted_pack_holds_no_line_and_no_requester(here: Here) -> None:
    _, pack = packed(here, *CHECK, "--redact", "all", S3GUARD_REDACT_KEY=KEY)
    rows = [json.loads(line) for line in pack.entry("quarantined.jsonl").lines()]
    assert [sorted(row) for row in rows] == [["hmac_sha256", "line", "object", "reason", "sha256", "status"]] * 2
    found = manifest.parse(pack.data("manifest.json"))
    assert found.redacted is not None
    assert found.redacted.kinds == ["ip", "requester", "key", "user_agent"]
    for name in pack.entries:
        if not name.startswith("policies/"):
            assert b"user/eve" not in pack.data(name), name
            assert b"no record\n" not in pack.data(name), name


def test_credentials_are_masked_in_every_member(here: Here) -> None:
    signed = b"GET /k?X-Amz-Signature=5eC3e7S3cre7&X-Amz-Security-Token=T0pS3cret HTTP/1.1"
    record = lines.record(request_uri=signed, requester=b"arn:aws:iam::111122223333:user/eve").render()
    (here.folder / "logs" / "secret.log").write_bytes(record + b"\n" + record[:-40].replace(b"GET", b'GET"') + b"\n")
    _, pack = packed(here, *CHECK)
    for name in pack.entries:
        assert b"5eC3e7S3cre7" not in pack.data(name), name
        assert b"T0pS3cret" not in pack.data(name), name


def test_what_could_not_be_read_stands_on_the_first_page_and_in_the_manifest(here: Here) -> None:
    (here.folder / "logs" / "torn.gz").write_bytes(gzip.compress(CLEAN * 9)[:-12])
    code, pack = packed(here, *CHECK)
    found = manifest.parse(pack.data("manifest.json")).not_looked_at
    assert code == 1
    assert found[0] == "1 log object could not be read to the end: what was not read was not judged."
    page = " ".join(pack.data("README.txt").decode().split())
    assert [sentence for sentence in found if sentence not in page] == []
    rows = {row["uri"]: row for row in map(json.loads, pack.entry("objects.jsonl").lines())}
    assert rows["logs/torn.gz"]["fault"]


def test_a_state_tells_of_the_runs_before_and_a_check_counts_as_one(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + "review: {every: 365d}\n")
    assert here("check", "logs/clean.log", *SPAN, "--state", "state", "-q").code == 0
    code, pack = packed(here, "check", "logs/clean.log", "logs/stranger.log", *SPAN, "--state", "state", "--evidence", "e.tar", "-q")
    runs = json.loads(pack.data("runs.json"))
    assert code == 1
    assert runs["history"]
    assert [one["entry_sha256"] for one in runs["found"]].count(None) == 1
    state = manifest.parse(pack.data("manifest.json")).state
    assert state is not None
    assert state.entries == 3
    assert here("evidence", "pack", "--state", "state", *SPAN, "-o", "p.tar", "-q").code in (0, 3)


def test_a_pack_that_cannot_be_written_leaves_the_run_unfinished_and_nothing_else(here: Here) -> None:
    (here.folder / "e.tar").mkdir()
    ended = here(*CHECK, "--state", "state", "-o", "json:r.json")
    assert ended.code == 1
    assert "could not write e.tar" in ended.err
    assert json.loads((here.folder / "r.json").read_bytes())["unwritten"]
    assert "1 unfinished" in here("state", "show", "state").out


def test_a_policy_that_is_changed_while_logs_are_judged_is_no_evidence(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(policies: Sequence[Policy]) -> Texts:
        here.write("policies/p.yaml", POLICY + "# later\n")
        return texts(policies)

    monkeypatch.setattr("s3guard.evidence.pack.texts", late)
    ended = here("check", "logs/clean.log", *SPAN, "--evidence", "e.tar", "-q")
    assert ended.code == 3
    assert "was changed since the policy in it was judged by" in ended.err
    assert not (here.folder / "e.tar").exists()


def test_standard_input_has_a_pack(here: Here) -> None:
    ended = run(here.folder, "check", "-", *SPAN, "--evidence", "e.tar", "-q", stdin=CLEAN + DAMAGED)
    assert ended.code == 3
    rows = [json.loads(line) for line in archive.read(here.folder / "e.tar").entry("objects.jsonl").lines()]
    assert [row["uri"] for row in rows] == ["-"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--key", "k.pem"), "--key is about an evidence pack: give --evidence FILE as well"),
        (("--store", "s3://b/p"), "--store is about an evidence pack"),
        (("--evidence", "e.tar", "--timestamp", "http://tsa.example"), "--timestamp stamps a signature: give --key as well"),
        (("--evidence", "e.tar", "--retain", "9d"), "give --store as well"),
        (("--evidence", "e.tar", "-o", "json:e.tar"), "two files would be written to"),
        (("--evidence", "e.tar", "--key", "none.pem"), "none.pem"),
        (("--evidence", "e.tar", "--store", "folder"), "an address such as s3://org-evidence/s3guard is expected"),
        (("--evidence", "e.tar", "--store", "s3://b/p", "--retain", "5x"), "'5x' is not a duration"),
        (("--evidence", "e.tar", "--store", "s3://b/p", "--lock-mode", "soft"), "say compliance or governance"),
        (("--evidence", "logs/clean.log"), "this is there already and is no evidence pack, so it is not written over"),
    ],
)
def test_flags_that_say_nothing_are_wrong_usage(here: Here, arguments: tuple[str, ...], told: str) -> None:
    ended = here("check", "logs/clean.log", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_a_key_that_is_given_in_the_place_of_the_pack_is_still_there(here: Here) -> None:
    assert here("evidence", "keygen", "-o", "us").code == 0
    key = Path("us.pem").read_bytes()
    assert here("check", "logs/clean.log", "--evidence", "us.pem").code == 2
    assert here("evidence", "pack", "--state", "state", "-o", "us.pem").code == 2
    assert key == Path("us.pem").read_bytes()
    first = packed(here, *CHECK)
    assert first[0] == packed(here, *CHECK)[0], "a pack is written over one"


def test_files_that_policies_extend_lie_as_they_did_and_packs_beside_them(here: Here) -> None:
    (here.folder / "policies" / "shared").mkdir()
    here.write("policies/shared/base.yaml", "version: 1\npolicy: base\nbuckets: [none]\nrules:\n  transport: {}\n")
    here.write("policies/p.yaml", POLICY + "extends: [hipaa, shared/base.yaml]\n")
    _, pack = packed(here, *CHECK)
    names = [name for name in pack.entries if name.startswith("policies/")]
    assert names == ["policies/p.yaml", "policies/packs/hipaa.yaml", "policies/shared/base.yaml"]
    found = json.loads(pack.data("report.json"))
    assert {one["file"] for one in found["policies"]} <= set(names)
    assert {one["location"]["file"] for one in found["results"]} <= set(names)
    assert [name for name in pack.entries if name.startswith("frameworks/")] == ["frameworks/hipaa.yaml"]


def test_a_policy_file_of_any_name_has_one_in_the_pack(here: Here) -> None:
    (here.folder / "policies" / "p.yaml").rename(here.folder / "policies" / "häßlich 'x'.yaml")
    _, pack = packed(here, *CHECK)
    (name,) = [name for name in pack.entries if name.startswith("policies/")]
    assert re.fullmatch(r"policies/h-lich-x-?-[0-9a-f]{16}\.yaml", name)


def test_of_too_many_lines_the_first_are_kept_in_any_order_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3guard.evidence.lines.MANY", 3)
    told = [(name, number) for name in ("a", "ab", "b") for number in (1, 2)]
    for order in (told, told[::-1], told[::2] + told[1::2]):
        kept = Lines()
        for name, number in order:
            kept.add(name, Quarantined(0, number, "quarantined", "why", b"\x1b[2J" + b"x" * 9_000))
        rows = [json.loads(line) for line in kept.written(NOTHING)]
        assert [(row["object"], row["line"]) for row in rows] == [("a", 1), ("a", 2), ("ab", 1)]
        assert (kept.left, kept.count, kept.damaged) == (3, 6, 6)
        assert all(len(row["text"]) <= LONGEST and "\x1b" not in row["text"] for row in rows)


def test_the_recipe_of_the_first_page_works(here: Here, tmp_path: Path) -> None:
    packed(here, *CHECK)
    page = archive.read(here.folder / "e.tar").data("README.txt").decode()
    recipe = page[page.index("       grep -o") : page.index("     No file may be there")]
    folder = tmp_path / "unpacked"
    folder.mkdir()
    ended = subprocess.run(["sh", "-ec", f"tar -xf ../e.tar\n{recipe}"], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(": OK") == len(manifest.parse((folder / "manifest.json").read_bytes()).files)
    (folder / "coverage.json").write_bytes(b"{}")
    assert subprocess.run(["sh", "-ec", recipe], cwd=folder, capture_output=True, check=False).returncode != 0


def test_no_text_of_a_log_drives_a_terminal_or_a_line_of_its_own_in_any_member(here: Here) -> None:
    strange = [text.encode("utf-8", "surrogatepass").replace(b"\n", b" ") for text in HOSTILE.values()]
    requester = b"arn:aws:iam::111122223333:user/"
    records = [lines.record(user_agent=text, requester=requester + text.replace(b" ", b"")).render() for text in strange]
    quarantined = [*strange, *(b"examplebucket " + text for text in strange)]
    (here.folder / "logs" / "hostile.log").write_bytes(b"\n".join([*records, *quarantined]) + b"\n")
    (here.folder / "logs" / "\x1b]0;x\x07\u202e.log").write_bytes(CLEAN)
    here.write("policies/p.yaml", POLICY + 'waivers: [{rule: requesters, reason: "\\e[2J\\u202e", expires: 2019-03-01}]\n')
    _, pack = packed(here, *CHECK)
    for name in pack.entries:
        if not name.startswith(("policies/", "report", "junit")):
            for line in pack.data(name).decode("utf-8").splitlines():
                assert line.isprintable(), name
    assert len([*pack.entry("objects.jsonl").lines()]) == 7


def test_an_object_that_nobody_could_open_has_no_digest_and_the_pack_can_be_verified(here: Here) -> None:
    (here.folder / "logs" / "gone.log").symlink_to("nowhere")
    _, pack = packed(here, *CHECK)
    rows = [json.loads(line) for line in pack.data("objects.jsonl").splitlines()]
    (gone,) = (row for row in rows if row["uri"].endswith("gone.log"))
    assert (gone["sha256"], gone["fault"] is not None, gone["records"]) == (None, True, 0)
    told = json.loads(here("evidence", "verify", "e.tar", "--objects", "-o", "json").out)
    assert "wrong" not in {check["mark"] for check in told["checks"]}
    (objects,) = (check for check in told["checks"] if check["name"] == "objects")
    assert any("gone.log" in detail for detail in objects["details"])
