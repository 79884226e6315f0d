"""Every format by the commands: what they end with, and what they say of files that hold less than the logs."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests import lines
from tests.cli.project import AMBIGUOUS, CLEAN, DAMAGED, STRANGER, Here
from tests.deliveries import FORMS, record_of, written


def documents(*requesters: bytes) -> list[str]:
    found = [record_of(lines.record(requester=requester).render()) for requester in requesters]
    return [written(record) for record in found]


ANN, EVE = (f"arn:aws:iam::111122223333:user/{name}".encode() for name in ("ann", "eve"))


@pytest.mark.parametrize("form", FORMS)
def test_json_is_judged_as_logs_are(here: Here, form: str) -> None:
    (here.folder / "logs" / "clean.json").write_bytes(FORMS[form](documents(*[ANN] * 20)))
    (here.folder / "logs" / "eve.json").write_bytes(FORMS[form](documents(*[ANN] * 20, EVE)))
    assert 0 == here("check", "logs/clean.json").code
    ended = here("check", "logs/eve.json")
    assert (1, True) == (ended.code, "user/eve" in ended.out)


def test_a_delivery_that_leaves_out_what_a_rule_needs_is_not_clean(here: Here) -> None:
    record = json.loads(documents(ANN)[0])
    del record["requester"]
    here.write("logs/x.json", written(record))
    ended = here("check", "logs/x.json")
    assert (3, True) == (ended.code, "the delivery leaves out what the rule needs (requester)" in " ".join(ended.out.split()))


def test_json_that_is_no_record_is_quarantined_with_its_place(here: Here) -> None:
    here.write("logs/x.json", documents(ANN)[0] + '\n{"requester": 1}\n' + documents(ANN)[0] + "\n")
    assert 3 == here("check", "logs/x.json", "--quarantine", "q.jsonl").code
    (kept,) = map(json.loads, (here.folder / "q.jsonl").read_text().splitlines())
    assert ("logs/x.json", 2, "quarantined", '{"requester": 1}') == (kept["object"], kept["line"], kept["status"], kept["text"])


def test_json_becomes_rows_as_logs_do(here: Here) -> None:
    record = json.loads(documents(ANN)[0]) | {"key_name": "a+b", "request_uri": None}
    here.write("logs/x.json", written(record))
    (row,) = map(json.loads, here("records", "logs/x.json").out.splitlines())
    assert ("logs/x.json", 1, None, "a+b", "key", "ok", 27) == (
        *(row[name] for name in ("object", "line", "key", "key_logged", "unknown", "status", "fields")),
    )
    assert 1 == here("records", "logs/x.json", "--where", "requester IS NOT NULL", "--to", "csv").out.count("x.json")


class TestParquet:
    def make(self, here: Here, name: str, *arguments: str) -> int:
        return here("records", f"logs/{name}.log", "--to", "parquet", "-o", f"{name}.parquet", *arguments).code

    @pytest.mark.parametrize(("name", "code"), [("clean", 0), ("stranger", 1), ("ambiguous", 0)])
    def test_it_ends_as_the_logs_do(self, here: Here, name: str, code: int) -> None:
        assert 0 == self.make(here, name)
        for path in (f"logs/{name}.log", f"{name}.parquet"):
            assert code == here("check", path, "-o", f"json:{path.replace('/', '-')}.json").code
        direct, again = (json.loads((here.folder / f"{path}.json").read_text()) for path in (f"logs-{name}.log", f"{name}.parquet"))
        for report in (direct, again):
            del report["run"], report["coverage"]["bytes"]
        assert direct == again

    def test_damage_in_the_logs_is_damage_in_parquet(self, here: Here) -> None:
        assert 3 == self.make(here, "damaged")
        ended = here("check", "damaged.parquet", "--quarantine", "q.jsonl")
        assert (3, True) == (ended.code, "could not be read as records" in " ".join(ended.out.split()))
        (kept,) = map(json.loads, (here.folder / "q.jsonl").read_text().splitlines())
        assert ("damaged.parquet", "1 line of the logs") == (kept["object"], kept["reason"].partition(",")[0])
        assert 0 == here("check", "damaged.parquet", "--max-unparsed", "60%").code

    def test_logs_that_were_cut_short_stay_unreadable(self, here: Here) -> None:
        (here.folder / "logs" / "cut.log").write_bytes(b"\x1f\x8b\x08")
        assert 3 == self.make(here, "cut")
        ended = here("check", "logs/clean.log", "cut.parquet")
        assert (3, True) == (ended.code, "logs/cut.log" in ended.out)

    @pytest.mark.parametrize(
        "narrowed",
        [
            ("--since", "2019-01-01"),
            ("--until", "2099-01-01"),
            ("--bucket", "examplebucket"),
            ("--where", "bucket IS NOT NULL"),
            ("--columns", "bucket,time"),
        ],
    )
    def test_a_part_of_the_records_is_not_taken_for_the_logs(self, here: Here, narrowed: tuple[str, str]) -> None:
        told = here("records", "logs/clean.log", "--to", "parquet", "-o", "x.parquet", *narrowed)
        assert (0, True) == (told.code, f"narrowed by {narrowed[0]}: s3guard check will not take this file for the logs" in told.err)
        ended = here("check", "x.parquet")
        assert (3, True) == (ended.code, f"holds only a part of the records ({narrowed[0]})" in " ".join(ended.out.split()))

    def test_it_is_written_on_from_parquet_and_told_as_text(self, here: Here) -> None:
        here.write("logs/all.log", "")
        (here.folder / "logs" / "all.log").write_bytes(CLEAN * 2 + STRANGER + AMBIGUOUS + DAMAGED)
        assert 3 == self.make(here, "all")
        assert here("records", "logs/all.log").out == here("records", "all.parquet").out
        ended = here("records", "all.parquet", "--to", "parquet", "-o", "again.parquet")
        assert (3, True) == (ended.code, "1 line could not be read as a record" in ended.err)
        assert pl.read_parquet(here.folder / "all.parquet").to_dicts() == pl.read_parquet(here.folder / "again.parquet").to_dicts()

    def test_parquet_of_others_is_told_apart(self, here: Here) -> None:
        pl.DataFrame({"a": [1]}).write_parquet(here.folder / "x.parquet")
        for verb in ("check", "records"):
            ended = here(verb, "x.parquet")
            assert (3, True) == (ended.code, "Parquet that s3guard did not write" in " ".join((ended.out + ended.err).split()))
