"""Security Hub as an account has it: what is sent, updated, archived and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from s3guard.hub import BATCH, LARGEST, batches, judged, publish, wanted
from s3guard.model import Omitted, Report, Status, UnableError, Unreadable
from s3guard.outputs.asff import home
from tests.outputs import reports
from tests.outputs.asff_judges import faults
from tests.s3.access import alone

PLACE = home("123456789012", "eu-central-1")


class Client:
    """A client of moto's that forgets nothing that was sent; moto drops most of what it is told, and takes whatever it is sent."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.sent: list[list[dict[str, Any]]] = []
        self.asked: list[dict[str, Any]] = []
        self.held: dict[str, dict[str, Any]] = {}
        self.pages = 100

    def batch_import_findings(self, **request: Any) -> Any:
        self.sent.append(request["Findings"])
        self.held |= {one["Id"]: {**self.held.get(one["Id"], {}), **one} for one in request["Findings"]}
        return self._client.batch_import_findings(**request)

    def get_findings(self, **request: Any) -> Any:
        """NOTE: moto knows few filters and no page; these are answered as Security Hub answers them."""
        self.asked.append(request)
        filters = {name: {one["Value"] for one in values} for name, values in request["Filters"].items()}
        found = [one for one in self.held.values() if all(one[name] in values for name, values in filters.items())]
        start = int(request.get("NextToken", "0"))
        more = {"NextToken": str(start + self.pages)} if len(found) > start + self.pages else {}
        return {"Findings": found[start : start + self.pages], **more}

    def states(self) -> dict[str, str]:
        return {one["Title"]: one["RecordState"] for one in self.held.values()}

    def active(self) -> set[str]:
        return {id_ for id_, one in self.held.items() if one["RecordState"] == "ACTIVE"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("securityhub", PLACE.region)
        client.enable_security_hub()
        yield Client(client)


def later(report: Report, days: int = 1) -> Report:
    run = replace(report.run, id=f"run-{days}", finished=report.run.finished + timedelta(days))
    return replace(report, run=run)


def ids(report: Report) -> set[str]:
    return {f"s3guard/{finding.fingerprint}" for result in report.results for finding in result.findings}


def test_everything_is_sent_and_moto_keeps_it(hub: Client) -> None:
    report = reports.failing()
    done = publish([report], PLACE, hub)
    assert (10, 0, 1, []) == (done.sent, done.archived, done.batches, done.refused)
    assert ids(report) <= hub.active()
    assert faults([one for batch in hub.sent for one in batch]) == []


def test_what_is_sent_again_is_an_update(hub: Client) -> None:
    publish([reports.failing()], PLACE, hub)
    before = set(hub.held)
    done = publish([later(reports.failing())], PLACE, hub)
    assert (10, 0, before) == (done.sent, done.archived, set(hub.held))
    assert all(one["UpdatedAt"] == "2026-10-03T00:00:07Z" for one in hub.held.values())


def test_what_is_gone_is_archived_as_security_hub_would_take_it(hub: Client) -> None:
    publish([reports.failing()], PLACE, hub)
    clean = later(reports.report(reports.result(), reports.result("anonymous")))
    done = publish([clean], PLACE, hub)
    gone = {f"s3guard/{one.fingerprint}" for result in reports.failing().results[:2] for one in result.findings}
    assert len(gone) == done.archived == 5
    assert gone == set(hub.held) - hub.active()
    # NOTE: nothing is said of the other checks, which this report did not judge.
    assert ids(reports.failing()) - gone <= hub.active()
    assert faults(hub.sent[-1]) == []
    assert {"2026-10-03T00:00:07Z"} == {one["UpdatedAt"] for one in hub.sent[-1]}


def test_a_check_that_fails_now_does_not_stay_passed(hub: Client) -> None:
    publish([reports.report(reports.result())], PLACE, hub)
    publish(
        [later(reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(),), violations=3), exit_code=1))], PLACE, hub
    )
    assert ["FAILED"] == [
        hub.held[one]["Compliance"]["Status"] for one in hub.active() if hub.held[one]["GeneratorId"].endswith("/writers")
    ]


FAILED = reports.report(reports.result(status=Status.FAIL, findings=(reports.finding(),), violations=3), status=Status.FAIL, exit_code=1)


@pytest.mark.parametrize(
    "blind",
    [
        reports.report(reports.result(status=Status.UNDETERMINED, reason="x"), exit_code=3),
        reports.report(reports.result(status=Status.NOT_APPLICABLE, reason="x")),
        replace(reports.report(reports.result()), coverage=replace(reports.report().coverage, unreadable=(Unreadable("a", "b"),))),
        replace(reports.report(reports.result()), coverage=replace(reports.report().coverage, quarantined=900)),
        reports.report(reports.result(), exit_code=3),
        reports.report(reports.result(), exit_code=4),
        reports.report(reports.result(status=Status.FAIL, findings=(reports.finding("b"),), unjudged=1), exit_code=1),
        reports.report(reports.result(status=Status.FAIL, findings=(reports.finding("b"),), omitted=Omitted(1, 1)), exit_code=1),
        reports.report(
            reports.result(status=Status.FAIL, findings=(reports.finding("b"),), reason="not there to be read again"), exit_code=1
        ),
        reports.report(reports.result(bucket="another")),
        reports.report(reports.result(rule="phi-records/another")),
        reports.report(),
    ],
    ids=[
        "undetermined",
        "idle",
        "unreadable",
        "unparsed",
        "exit 3",
        "exit 4",
        "unjudged",
        "flood",
        "undecided",
        "other bucket",
        "other rule",
        "nothing",
    ],
)
def test_what_could_not_be_looked_at_archives_nothing(hub: Client, blind: Report) -> None:
    publish([FAILED], PLACE, hub)
    done = publish([later(blind)], PLACE, hub)
    assert 0 == done.archived
    assert ids(FAILED) <= hub.active()


def test_an_older_report_archives_nothing_that_a_newer_one_found(hub: Client) -> None:
    publish([later(FAILED, 9)], PLACE, hub)
    assert 0 == publish([reports.report(reports.result())], PLACE, hub).archived


def test_nothing_of_others_is_touched(hub: Client) -> None:
    publish([FAILED], PLACE, hub)
    (mine,) = ids(FAILED)
    other = hub.held[mine] | {"Id": "theirs", "Title": "theirs"}
    product = hub.held[mine] | {"Id": "s3guard/x", "Title": "product", "ProductArn": "arn:aws:securityhub:eu-central-1::product/a/b"}
    hub.held |= {"theirs": other, "s3guard/x": product}
    done = publish([later(reports.report(reports.result()))], PLACE, hub)
    assert 1 == done.archived
    assert ("ACTIVE", "ACTIVE") == (hub.states()["theirs"], hub.states()["product"])


def test_of_several_reports_each_check_has_its_own_and_the_last_word_is_the_newest(hub: Client) -> None:
    found = {
        one["Compliance"]["Status"] for one in wanted([later(reports.report(reports.result())), reports.undetermined()], PLACE).values()
    }
    assert {"WARNING", "PASSED"} == found
    assert {"2026-10-03T00:00:07Z"} == set(judged([later(reports.clean()), reports.clean()], PLACE).values())
    assert [] == publish([reports.failing(), later(reports.clean())], PLACE, hub).refused


def test_a_batch_is_of_a_hundred_findings_and_six_megabytes_at_most() -> None:
    many = [{"Id": str(number)} for number in range(250)]
    assert [BATCH, BATCH, 50] == [len(batch) for batch in batches(many)]
    large = [{"Id": "x" * 239_000} for _ in range(60)]
    sizes = [len(json.dumps({"Findings": batch})) for batch in batches(large)]
    assert len(sizes) == 3
    assert max(sizes) <= LARGEST + 100
    assert [] == list(batches([]))


def test_a_flood_is_sent_in_batches_and_looked_up_by_the_page(hub: Client) -> None:
    many = tuple(reports.finding(f"user-{number}") for number in range(230))
    flood = reports.report(reports.result(status=Status.FAIL, findings=many, violations=9), exit_code=1)
    done = publish([flood], PLACE, hub)
    assert (231, 3, [100, 100, 31]) == (done.sent, done.batches, [len(batch) for batch in hub.sent])
    hub.pages = 60
    assert 230 == publish([later(reports.report(reports.result()))], PLACE, hub).archived


def test_a_dry_run_changes_nothing_and_says_what_it_would(hub: Client) -> None:
    publish([FAILED], PLACE, hub)
    before = (len(hub.sent), dict(hub.held))
    done = publish([later(reports.report(reports.result()))], PLACE, hub, dry=True)
    assert (2, 1, before) == (done.sent, done.archived, (len(hub.sent), dict(hub.held)))


class Refusing(Client):
    """It takes all but what its `answer` names."""

    answer: Any = None

    def batch_import_findings(self, **request: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        super().batch_import_findings(**request)
        return self.answer


def test_what_security_hub_does_not_take_is_told_one_by_one(hub: Client) -> None:
    refusing = Refusing(hub._client)
    refusing.answer = {
        "FailedCount": 2,
        "SuccessCount": 0,
        "FailedFindings": [{"Id": "a", "ErrorCode": "InvalidInput", "ErrorMessage": "no"}],
    }
    done = publish([FAILED], PLACE, refusing)
    assert (0, ["a: InvalidInput: no", "1 more, of which Security Hub says nothing"]) == (done.sent, done.refused)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ClientError({"Error": {"Code": "InvalidAccessException", "Message": "not subscribed"}}, "B"), "Security Hub is not switched on"),
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "B"), "it takes securityhub:BatchImportFindings"),
        (EndpointConnectionError(endpoint_url="https://x"), "Could not connect"),
    ],
)
def test_a_call_that_fails_ends_it_and_archives_nothing(hub: Client, error: Exception, said: str) -> None:
    publish([FAILED], PLACE, hub)
    refusing = Refusing(hub._client)
    refusing.held, refusing.answer = hub.held, error
    done = publish([later(reports.report(reports.result()))], PLACE, refusing)
    assert (0, 0, 1) == (done.sent, done.archived, len(done.refused))
    assert said in done.refused[0]


def test_where_it_does_not_say_what_it_holds_nothing_is_sent(hub: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetFindings")

    monkeypatch.setattr(hub, "get_findings", denied)
    with pytest.raises(UnableError, match="GetFindings: Security Hub does not say what it holds, so nothing is sent: AccessDenied"):
        publish([FAILED], PLACE, hub)
    assert [] == hub.sent


def test_filters_name_twenty_generators_at_most(hub: Client) -> None:
    many = [reports.result(rule=f"phi-records/writers/{number}") for number in range(45)]
    publish([reports.report(*many)], PLACE, hub)
    assert [20, 20, 5] == [len(asked["Filters"]["GeneratorId"]) for asked in hub.asked]
    assert all(asked["MaxResults"] == 100 for asked in hub.asked)
