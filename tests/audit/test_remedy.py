"""What would mend a finding, with its names put in and nothing that a shell would obey."""

from __future__ import annotations

from typing import Any

from s3guard.audit.checks import catalog
from s3guard.audit.facts import Absent
from s3guard.audit.judge import Asked, judge
from s3guard.audit.remedy import snippets
from s3guard.audit.rows import Facts
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
