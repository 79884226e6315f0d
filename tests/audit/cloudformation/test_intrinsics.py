"""Intrinsic functions and conditions: what a text of a template is, as far as the template says it."""

from __future__ import annotations

from typing import Any

import pytest

from s3guard.audit import cloudformation
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.rows import Bucket
from s3guard.model import UsageError
from tests.audit.plans import is_unknown, rows, told
from tests.audit.rowmaking import NOW

HEAD = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Open: {Type: String}
  Given: {Type: String, Default: given}
  Several: {Type: CommaDelimitedList, Default: "x, y"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /path}
  Stage: {Type: String, Default: prod}
Mappings:
  Names:
    eu-west-1: {same: logs, other: logs-eu}
    us-east-1: {same: logs, other: logs-us}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Equals [!Ref Stage, test]
  IsOpen: !Equals [!Ref Open, "yes"]
  Both: !And [!Condition IsProd, !Condition IsOpen]
  Either: !Or [!Condition IsProd, !Condition IsOpen]
  Neither: !Not [!Condition Either]
  Itself: !Not [!Condition Itself]
  Odd: [1]
"""


def read(text: str, head: str = HEAD) -> dict[str, Bucket]:
    return rows(cloudformation.of_bytes(f"{head}{text}".encode(), "t.yaml", NOW))


def target(expression: str) -> object:
    """What a destination is."""
    text = (
        f"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {{LoggingConfiguration: {{DestinationBucketName: {expression}}}}}\n"
    )
    text += "  Logs: {Type: AWS::S3::Bucket}\n  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'n-${AWS::Region}'}}\n"
    text += "  Queue: {Type: AWS::SQS::Queue}\n"
    fact = read(text)["${B}"].logging
    assert isinstance(fact, Value)
    return told(fact.value.target_bucket)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("logs", "logs"),
        ("!Ref Logs", "${Logs}"),
        ("{Ref: Logs}", "${Logs}"),
        ("!Ref Named", "n-${AWS::Region}"),
        ("!Ref Open", "${Open}"),
        ("!Ref Given", "given"),
        ("!Ref Stored", "${Stored}"),
        ("!Sub 'a-${Given}-${AWS::AccountId}-${Logs}'", "a-given-${AWS::AccountId}-${Logs}"),
        ("!Sub ['${X}-${Given}', {X: !Ref Open}]", "${Open}-given"),
        ("!Sub '${Queue.QueueName}'", "${Queue.QueueName}"),
        ("!Sub 'x${!y}'", "x${y}"),
        ("!GetAtt Queue.QueueName", "${Queue.QueueName}"),
        ("!GetAtt [Queue, QueueName]", "${Queue.QueueName}"),
        ("!Join ['-', [a, !Ref Given, !Ref 'AWS::Region']]", "a-given-${AWS::Region}"),
        ("!Join ['', !Ref Several]", "xy"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', !Ref Several]", "y"),
        ("!Select [2, !Split ['-', 'a-b-c']]", "c"),
        ("!FindInMap [Names, eu-west-1, other]", "logs-eu"),
        ("!FindInMap [Names, !Ref 'AWS::Region', same]", "logs"),
        ("!ImportValue central-logs", "${Fn::ImportValue central-logs}"),
        ("{'Fn::ImportValue': !Sub '${Given}-logs'}", "${Fn::ImportValue given-logs}"),
        ("'{{resolve:ssm:/logs:1}}'", "${resolve:ssm:/logs:1}"),
        ("!If [IsProd, a, b]", "a"),
        ("!If [IsTest, a, b]", "b"),
        ("!If [IsOpen, a, a]", "a"),
        ("!If [Either, a, b]", "a"),
        ("!If [Neither, a, b]", "b"),
        ("!If [IsTest, a, !Ref 'AWS::NoValue']", "${B}"),
        ("!Ref 'AWS::NoValue'", "${B}"),
        ("!Sub 'x-${AWS::Partition}'", "x-aws"),
        ("!ToJsonString {a: [!Ref Given]}", '{"a": ["given"]}'),
        ("!GetAtt Named.DomainName", "n-${AWS::Region}.s3.amazonaws.com"),
        ("!GetAtt Named.Arn", "arn:aws:s3:::n-${AWS::Region}"),
    ],
)
def test_a_function_gives_what_it_will(expression: str, expected: str) -> None:
    assert expected == target(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("!If [IsOpen, a, b]", "depends on the condition IsOpen"),
        ("!If [Both, a, b]", "depends on the condition Both"),
        ("!If [Itself, a, b]", "depends on the condition Itself"),
        ("!If [Odd, a, b]", "depends on the condition Odd"),
        ("!If [Gone, a, b]", "Gone is no condition of the template"),
        ("!If [IsProd, a]", "has not three items"),
        ("!If [IsOpen, a, !Ref 'AWS::NoValue']", "depends on the condition IsOpen"),
        ("!Ref Gone", "Gone is neither a parameter nor a resource"),
        ("!Sub '${Gone}'", "Gone is neither"),
        ("!Sub '${Gone.Arn}'", "Gone is no resource"),
        ("!Sub [7]", "Fn::Sub of what is no text"),
        ("!GetAtt Gone.Arn", "Gone is no resource"),
        ("!GetAtt []", "is no resource"),
        ("!Select [1, !Split ['-', !Ref Open]]", "the parameter Open has no default"),
        ("!Select [!Ref Stored, [a, b]]", "the parameter Stored is read of Systems Manager"),
        ("!Select [9, [a]]", "item 9 of 1"),
        ("!Select [x, [a]]", "item x of 1"),
        ("!Select [0, text]", "of what is no list"),
        ("!Select [0, !Ref Open]", "the parameter Open has no default"),
        ("!Join ['-', [a, [b]]]", "of what is no text"),
        ("!Join [a]", "has not two items"),
        ("!Join ['', [a, !GetAZs '']]", "Fn::GetAZs is known once it is deployed"),
        ("!Split ['', abc]", "Fn::Split at nothing"),
        ("!FindInMap [Names, !Ref 'AWS::Region', other]", "differs by ${AWS::Region}"),
        ("!FindInMap [Names, mars, other]", "the mapping Names has no mars other"),
        ("!FindInMap [Gone, a, b]", "the mapping Gone has no a b"),
        ("!FindInMap [a]", "has not three items"),
        ("!ToJsonString [!GetAZs '']", "Fn::ToJsonString of what is known once"),
        ("!Select [a]", "has not two items"),
        ("!Select [!Ref Open, [a]]", "the parameter Open has no default"),
        ("!Split [a]", "has not two items"),
        ("!Base64 x", "Fn::Base64 is known once it is deployed"),
        ("{'Fn::Transform': {Name: AWS::Include}}", "Fn::Transform"),
        ("[a]", "text is expected"),
        ("{a: b, 'Fn::Transform': {Name: x}}", "a macro (Fn::Transform)"),
    ],
)
def test_what_nobody_can_tell_is_unknown_with_its_reason(expression: str, reason: str) -> None:
    found = target(expression)
    assert isinstance(found, str)
    assert found.startswith("unknown: ")
    assert reason in found


BUCKET = "  {id}: {{Type: AWS::S3::Bucket, Condition: {condition}}}\n"


def test_a_resource_under_a_condition_that_does_not_hold_is_not_made() -> None:
    made = "".join(BUCKET.format(id=name, condition=name) for name in ("IsProd", "IsTest", "IsOpen", "Neither"))
    found = read(f"Resources:\n{made}")
    assert ["${IsOpen}", "${IsProd}"] == sorted(found)
    assert (True, True) == (told(found["${IsProd}"].exists), is_unknown(found["${IsOpen}"].exists, "the condition IsOpen"))


def test_what_is_made_under_a_condition_is_judged_as_where_it_is_made() -> None:
    found = read("""\
Resources:
  Logs: {Type: AWS::S3::Bucket, Condition: Both}
  Policy:
    Type: AWS::S3::BucketPolicy
    Condition: IsOpen
    Properties: {Bucket: !Ref Logs, PolicyDocument: {Statement: []}}
  App:
    Type: AWS::S3::Bucket
    Condition: Both
    Properties: {LoggingConfiguration: {DestinationBucketName: !If [IsOpen, !Ref Logs, other]}}
  Always:
    Type: AWS::S3::Bucket
    Properties: {VersioningConfiguration: !If [IsOpen, {Status: Enabled}, !Ref "AWS::NoValue"]}
  AlwaysPolicy:
    Type: AWS::S3::BucketPolicy
    Condition: IsOpen
    Properties: {Bucket: !Ref Always, PolicyDocument: {Statement: []}}
""")
    assert '{"Statement": []}' == told(found["${Logs}"].policy)
    app = found["${App}"].logging
    assert isinstance(app, Value)
    assert "${Logs}" == told(app.value.target_bucket)
    assert is_unknown(found["${Always}"].versioning, "depends on the condition IsOpen")
    assert is_unknown(found["${Always}"].policy, "whether AlwaysPolicy is made")


def test_two_resources_of_one_name_are_one_bucket_of_which_only_what_they_share_is_known() -> None:
    found = read("""\
Resources:
  A: {Type: AWS::S3::Bucket, Condition: IsOpen, Properties: {BucketName: b, VersioningConfiguration: {Status: Enabled}}}
  B: {Type: AWS::S3::Bucket, Condition: Neither2, Properties: {BucketName: b}}
""", HEAD + "  Neither2: !Not [!Condition IsOpen]\n")  # fmt: skip
    assert ["b"] == list(found)
    assert is_unknown(found["b"].versioning, "2 resources of this template make b")
    assert isinstance(found["b"].lifecycle, Absent)


def test_a_macro_that_may_rewrite_everything_makes_everything_unknown() -> None:
    text = "Resources:\n  B: {Type: AWS::S3::Bucket}\n"
    assert is_unknown(read(f"Transform: Company::Defaults\n{text}")["${B}"].logging, "the macro Company::Defaults may change it")
    assert is_unknown(read(f"Transform: [AWS::Serverless-2016-10-31, {{Name: AWS::Include}}]\n{text}")["${B}"].logging, "AWS::Include")
    assert isinstance(read(f"Transform: AWS::Serverless-2016-10-31\n{text}")["${B}"].logging, Absent)


def test_resources_that_only_deployment_makes_are_rows_of_which_nothing_is_known() -> None:
    found = read("""\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Buckets: [Name, [a, b], {"B${Name}": {Type: "AWS::S3::Bucket"}}]
  Fn::Transform: {Name: AWS::Include}
  B: {Type: AWS::S3::Bucket}
""")
    assert is_unknown(found["${Fn::ForEach::Buckets}"].logging, "what Fn::ForEach makes is known once it is deployed")
    assert is_unknown(found["${Fn::Transform}"].exists, "what Fn::Transform makes")
    assert isinstance(found["${B}"].logging, Absent)


def test_of_a_resource_that_a_macro_may_change_nothing_is_known() -> None:
    found = read("""\
Resources:
  B: {Type: AWS::S3::Bucket, Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://x/y.yaml}}}
  C: {Fn::Transform: {Name: AWS::Include}}
  D: {Type: AWS::S3::Bucket}
""")
    assert is_unknown(found["${B}"].logging, "a macro (Fn::Transform) may change B")
    assert is_unknown(found["${C}"].exists, "what C makes")
    assert is_unknown(found["${D}"].policy, "what C makes is known once it is deployed, and may be its policy")
    assert isinstance(found["${D}"].logging, Absent)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("N: {Type: AWS::CloudFormation::Stack}", "N is a template of its own and may make others: audit what is nested by itself"),
        ("N: {Type: AWS::CloudFormation::Stack}\n  M: {Type: Acme::S3::Bucket::MODULE}", "N and 1 more are templates of their own"),
        ("A: {Type: AWS::Serverless::Application}", "A is a template of its own"),
        ("Fn::Transform: {Name: AWS::Include}", "what Fn::Transform makes is known once it is deployed"),
        ("Fn::ForEach::X: [N, [a], {}]", "what Fn::ForEach makes is known once it is deployed"),
        ("N: {Type: AWS::CloudFormation::Stack, Condition: Never}", ""),
        ("T: {Type: AWS::SNS::Topic}", ""),
    ],
)
def test_a_template_that_may_make_other_buckets_says_so(more: str, reason: str) -> None:
    text = f"Conditions: {{Never: !Equals [a, b]}}\nResources:\n  B: {{Type: AWS::S3::Bucket}}\n  {more}\n"
    (account,) = cloudformation.of_bytes(text.encode(), "t.yaml", NOW).accounts
    assert is_unknown(account.buckets, reason) if reason else isinstance(account.buckets, Value)


def test_names_that_go_round_in_a_circle_end() -> None:
    found = read("""\
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref A}}
""")
    assert 1 <= len(found) <= 2


def bucket(number: int, name: str) -> str:
    return f"  B{number}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {name}}}}}\n"


BOMBS = {
    "laughs": "".join(bucket(at, f"!Join ['', [{', '.join([f'!Ref B{at + 1}'] * 9)}]]") for at in range(20)) + bucket(20, "x" * 20),
    "chain": "".join(bucket(at, f"!Ref B{at + 1}") for at in range(500)),
    "sub": bucket(0, "!Sub '" + "${Given}" * 8_000 + "'"),
    "join": bucket(0, "!Join ['" + "x" * 60_000 + "', [" + "a, " * 5_000 + "a]]"),
    "nested": bucket(0, "!If [IsProd, " * 40 + "a" + ", b]" * 40),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_is_built_to_grow_ends(bomb: str) -> None:
    assert 1 <= len(read(f"Resources:\n{bomb}", HEAD.replace("Default: given", f"Default: {'g' * 1_000}")))


def test_functions_that_make_too_much_in_all_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3guard.audit.cloudformation.intrinsics._MAX_SPENT", 1_000)
    with pytest.raises(UsageError, match=r"t\.yaml: its functions make more than"):
        read("Resources:\n" + "".join(f"  B{at}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {'n' * 50}}}}}\n" for at in range(30)))


def value(properties: str) -> Any:
    return read(f"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {{{properties}}}\n")["${B}"]


def test_a_parameter_without_a_default_makes_unknown_what_is_no_name() -> None:
    row = value("VersioningConfiguration: {Status: !Ref Open}, LoggingConfiguration: {LogFilePrefix: !Ref Open}")
    assert Unknown("the parameter Open has no default", origin=row.versioning.origin) == row.versioning
    assert is_unknown(row.logging.value.target_prefix, "the parameter Open has no default")


def test_a_prefix_may_hold_what_is_the_same_everywhere_in_the_deployment() -> None:
    row = value("LoggingConfiguration: {LogFilePrefix: !Sub '${AWS::AccountId}/app/'}")
    assert "${AWS::AccountId}/app/" == told(row.logging.value.target_prefix)
