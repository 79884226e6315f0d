"""What would mend a finding, with its names put in and nothing that a shell would obey."""

from __future__ import annotations

from typing import Any

from s3guard.audit.checks import catalog
from s3guard.audit.facts import Absent
from s3guard.audit.judge import Asked, judge
from s3guard.audit.remedy import snippets
from s3guard.audit.rows import Facts, KeyFormat
from s3guard.declaration import Logging, Target
from s3guard.model import Location
from tests.audit.rowmaking import NOW, bucket, facts, logs_to, policy


def told(rows: Facts, check: str, **more: Any) -> str:
    one = policy(**more)
    asked = Asked((one,), catalog(), NOW, Location("s3guard.toml", 1), lambda rule: rule.endswith(check))
    return "".join(snippets(judge(rows, asked), rows, (one,), catalog()))


def test_names_of_bucket_target_and_prefix_are_put_in() -> None:
    logging = Logging(target=Target(bucket="logs", prefix="{account}/{bucket}/"))
    text = told(facts(bucket("app")), "SAL-001", logging=logging)
    assert "# p/logging/SAL-001  app\n#   Server access logging is off" in text
    assert '--bucket app --bucket-logging-status \'{"LoggingEnabled": {"TargetBucket": "logs",' in text
    assert '"TargetPrefix": "111122223333/app/"' in text
    assert 'target_bucket = "logs"' in text


def test_what_a_shell_would_obey_and_what_nobody_knows_stays_a_placeholder() -> None:
    row = bucket("${aws_s3_bucket.app}", account="${AWS::AccountId}", logging=Absent())
    text = told(facts(row, source="template"), "SAL-001", logging=Logging(target=Target(bucket="logs", prefix="$(reboot)/")))
    assert ("--bucket <bucket> " in text, '"TargetPrefix": "<prefix>"' in text, "reboot" in text) == (True, True, False)


def test_what_mends_one_finding_makes_no_other() -> None:
    simple, partitioned = (
        '"TargetObjectKeyFormat": {"SimplePrefix": {}}}}\'',
        '{"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}}}\'',
    )
    for key_format, expected in (("simple", simple), ("partitioned", partitioned), ("any", partitioned)):
        text = told(facts(bucket("app")), "SAL-001", logging=Logging(key_format=key_format))
        assert (expected in text, "simple_prefix {}" in text) == (True, expected is simple)
    row = bucket("app", logging=logs_to("logs", "app", KeyFormat("PartitionedPrefix", "EventTime")))
    assert simple in told(facts(row, bucket("logs")), "SAL-006", logging=Logging(key_format="simple"))
    for form, kept in ((KeyFormat(), simple), (KeyFormat("PartitionedPrefix", "EventTime"), partitioned)):
        assert kept in told(facts(bucket("app", logging=logs_to("logs", "app", form)), bucket("logs")), "SAL-005")


def test_a_finding_about_an_account_names_its_bucket() -> None:
    text = told(facts(bucket("free")), "SAL-010", buckets=("other",))
    assert 'exclude = [{bucket = "free", reason' in text
    tables = facts(bucket("t", kind="table", table_logging=Absent()))
    assert "arn:aws:s3tables:us-east-1:111122223333:bucket/t " in told(tables, "SAL-012")


def test_what_passes_has_no_remedy() -> None:
    assert "" == told(facts(bucket("app", logging=logs_to("logs")), bucket("logs")), "SAL-001")


def test_a_name_that_is_an_option_or_a_file_to_the_aws_cli_stays_a_placeholder() -> None:
    for name in ("--endpoint-url=http://192.0.2.1", "file:///etc/passwd", "fileb://x"):
        text = told(facts(bucket(name)), "SAL-001", logging=Logging(target=Target(bucket="logs", prefix="{bucket}/")))
        assert ("--bucket <bucket> " in text, f'"{name}' in text) == (True, False)


def test_terraform_takes_the_name_of_a_resource() -> None:
    assert 'resource "aws_s3_bucket_logging" "_1_app"' in told(facts(bucket("1.app")), "SAL-001")


def test_a_pipeline_finds_nothing_to_obey() -> None:
    assert "##vso" not in told(facts(bucket("app ##vso[task.complete]")), "SAL-001")
