"""``s3guard controls``, ``explain`` of a control, ``--framework``, and the matrix in every output of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3guard import frameworks
from s3guard.outputs import names
from tests.cli.project import POLICY, Here


def follow(here: Here, *wanted: str, name: str = "p") -> None:
    text = POLICY.replace("policy: p\n", f"policy: {name}\nframeworks: [{', '.join(wanted)}]\n")
    (Path("policies") / f"{name}.yaml").write_text(text, encoding="utf-8")


class TestControls:
    def test_every_control_of_the_newest_versions_has_a_place_in_the_list(self, here: Here) -> None:
        shown = here("controls").out
        newest = {frameworks.resolved(name) for name in frameworks.names()}
        assert all(control.id in shown for id_ in newest if id_ for control in frameworks.load(id_).controls)
        assert "cis-aws-5.0" not in shown

    def test_it_may_be_narrowed_to_a_framework_a_version_and_a_control(self, here: Here) -> None:
        assert ("cis-aws-5.0" in (out := here("controls", "--framework", "cis-aws").out)) == ("cis-aws-7.0" in out)
        assert "cis-aws-7.0" not in here("controls", "--framework", "cis-aws-5.0").out
        one = here("controls", "164.312(b)", "--framework", "hipaa").out
        assert ("1 control" in one, "completeness" in one, "164.312(d)" in one) == (True, True, False)

    def test_verbose_names_the_sources(self, here: Here) -> None:
        told = here("controls", "10.2.1.3", "--verbose").out
        for part in ("log buckets alone", "interpretation", "https://", "already that it was looked at", "retention"):
            assert part in told

    def test_machines_get_json(self, here: Here) -> None:
        told = json.loads(here("controls", "--format", "json").out)
        assert [one["id"] for one in told] == sorted({frameworks.resolved(name) or "" for name in frameworks.names()})
        (hipaa,) = json.loads(here("controls", "164.312(b)", "--format", "json").out)
        (control,) = hipaa["controls"]
        assert ("164.312(b)", "E-RUN") == (control["id"], control["evidence"][0]["run"][0])
        assert {"prowler", "own"} <= set(hipaa["sources"])

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--framework", "hippa"), "did you mean hipaa"),
            (("--framework", "pci-dss-9.9"), "is not a version that this s3guard has"),
            (("10.2.99",), "did you mean 10.2"),
            (("xyzzy",), "s3guard controls lists them"),
            (("10.2.1", "--framework", "hipaa"), "there is no control"),
        ],
    )
    def test_an_unknown_name_is_wrong_usage(self, here: Here, arguments: tuple[str, ...], said: str) -> None:
        ended = here("controls", *arguments)
        assert (2, True) == (ended.code, said in ended.err)


@pytest.mark.parametrize("thing", ["10.2.1", "pci-dss 10.2.1", "pci-dss-4.0.1/10.2.1", "PCI-DSS: 10.2.1"])
def test_a_control_is_explained_by_its_number_and_behind_its_framework(here: Here, thing: str) -> None:
    told = here("explain", thing).out
    assert "pci-dss-4.0.1 10.2.1" in told
    assert "evidenced takes direct and configuration evidence" in " ".join(told.split())


def test_a_number_of_two_frameworks_is_explained_twice(here: Here) -> None:
    told = here("explain", "A.8.15").out
    assert 1 == told.count("control  iso-27001-2022")
    assert 2 == here("explain", "4.8").out.count(" control  ") + here("explain", "cis-aws-5.0 4.8").out.count(" control  ")


class TestRuns:
    def test_every_output_of_a_run_carries_the_controls(self, here: Here) -> None:
        follow(here, "hipaa")
        for name in names():
            out = here("check", "logs/clean.log", "-o", name, "--account", "111122223333", "--region", "eu-west-1").out
            assert "hipaa" in out, name
            assert "164.308(a)(3)(ii)(A)" in out.replace("&#40;", "(").replace("&#41;", ")").replace("&#46;", ".") or name in (
                "text",
                "github",
                "gitlab",  # of a clean run it has what was looked at alone
                "openmetrics",  # counts them, by framework and status
            ), name

    def test_the_report_has_the_matrix_and_results_their_controls(self, here: Here) -> None:
        follow(here, "hipaa", "pci-dss")
        report = json.loads(here("check", "logs/stranger.log", "-o", "json").out)
        found = {(one["framework"], one["control"]): one for one in report["controls"]}
        assert "violations found" == found["pci-dss-4.0.1", "7.2.6"]["status"]
        assert "evidenced" == found["pci-dss-4.0.1", "10.4.1.1"]["status"]
        assert {"framework": "pci-dss-4.0.1", "control": "7.2.6"} in report["results"][0]["controls"]

    def test_a_framework_narrows_to_policies_that_follow_it_in_any_version(self, here: Here) -> None:
        follow(here, "hipaa")
        follow(here, "cis-aws-5.0", name="q")
        for name, policy, version in (("hipaa", "p", "hipaa"), ("cis-aws", "q", "cis-aws-5.0"), ("cis-aws-5.0", "q", "cis-aws-5.0")):
            report = json.loads(here("check", "logs/clean.log", "--framework", name, "-o", "json").out)
            assert ({policy}, {version}) == (
                {one["policy"] for one in report["results"]},
                {one["framework"] for one in report["controls"]},
            )
        assert 4 == here("check", "logs/clean.log", "--framework", "cis-aws-7.0").code
        assert "did you mean hipaa" in (ended := here("check", "logs/clean.log", "--framework", "hippa")).err
        assert 2 == ended.code

    def test_a_version_that_is_not_shipped_is_an_error_of_the_policy(self, here: Here) -> None:
        follow(here, "pci-dss-3.2.1")
        ended = here("validate")
        assert 2 == ended.code
        assert "is not a version that this s3guard has; write pci-dss or pci-dss-4.0.1" in ended.err

    def test_pseudonyms_leave_controls_alone(self, here: Here) -> None:
        follow(here, "hipaa", "pci-dss", "gdpr")
        Path("key").write_text("a key of at least thirty-two characters, to be sure", encoding="utf-8")
        plain, redacted = (
            json.loads(here("check", "logs/stranger.log", "-o", "json", *more).out)["controls"]
            for more in ((), ("--redact", "ip,requester,key,user_agent", "--redact-key-file", "key"))
        )
        changed = [(one["control"], other["status"]) for one, other in zip(plain, redacted, strict=True) if one != other]
        assert [("5(1)(c)", "partly")] == changed

    def test_a_saved_report_keeps_its_matrix(self, here: Here) -> None:
        follow(here, "hipaa")
        here("check", "logs/clean.log", "-o", "json:r.json")
        again = json.loads(here("convert", "r.json", "-o", "json").out)
        assert json.loads(Path("r.json").read_text(encoding="utf-8"))["controls"] == again["controls"]


def test_a_control_says_how_often_it_wants_reviews(here: Here) -> None:
    assert "at least every 1d, by the `review` of each policy" in here("explain", "pci-dss 10.4.1").out


def test_names_of_evidence_that_are_no_rules_are_told_apart_and_explained(here: Here) -> None:
    listed = " ".join(here("controls", "--framework", "pci-dss", "10.4.1").out.split())
    assert "SAL-… are checks of the audit, E-… what a run or an evidence pack shows" in listed
    ended = here("explain", "E-REVIEWS")
    assert ended.code == 0
    assert "each of them found in time" in " ".join(ended.out.split())
    assert "pci-dss-4.0.1 10.4.1, 10.4.2" in " ".join(ended.out.split())


def test_a_framework_that_no_policy_names_is_told(here: Here) -> None:
    ended = here("check", "logs/clean.log", "--framework", "soc2")
    assert ended.code == 4
    assert "no policy that names soc2 under `frameworks` has a rule over a bucket with records" in " ".join(ended.out.split())
