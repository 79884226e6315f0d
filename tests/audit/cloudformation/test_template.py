"""Templates as a whole: the rows they give, where they stand, and what is no template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3guard.audit import cloudformation
from s3guard.audit.facts import Absent, Value
from s3guard.audit.graph import LOG_DELIVERY
from s3guard.audit.rows import (
    Encryption,
    EventSelector,
    Facts,
    IntelligentTiering,
    KeyFormat,
    LifecycleRule,
    LogDelivery,
    ObjectLock,
    PublicAccessBlock,
    Transition,
    Versioning,
)
from s3guard.model import Location, UnableError, UsageError
from tests.audit.plans import is_unknown, rows, told
from tests.audit.rowmaking import NOW

TEMPLATES = Path(__file__).parents[1] / "templates"
"""Made with aws-cdk-lib 2.275.0: a log bucket, a bucket that logs to it, one that logs to itself (a prefix and no bucket), and one that
does not log; with the feature flag @aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy, and without."""
YAML = """\
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: LogDeliveryWrite
      BucketEncryption:
        ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !Ref Key}}]
      OwnershipControls: {Rules: [{ObjectOwnership: ObjectWriter}]}
      VersioningConfiguration: {Status: Suspended}
      PublicAccessBlockConfiguration: {BlockPublicAcls: yes, IgnorePublicAcls: "true"}
      IntelligentTieringConfigurations:
        - {Id: i, Status: Enabled, Prefix: a/, TagFilters: [{Key: k, Value: v}], Tierings: [{AccessTier: ARCHIVE_ACCESS, Days: 90}]}
      LifecycleConfiguration:
        TransitionDefaultMinimumObjectSize: varies_by_storage_class
        Rules:
          - Id: r
            Status: Enabled
            Prefix: app/
            TagFilters: [{Key: k, Value: v}]
            ExpirationInDays: 30
            ObjectSizeGreaterThan: "100"
            NoncurrentVersionExpiration: {NoncurrentDays: 5, NewerNoncurrentVersions: 2}
            Transitions: [{StorageClass: GLACIER, TransitionInDays: 0}]
          - {Status: Disabled, ExpirationDate: "2027-01-01T00:00:00Z", NoncurrentVersionExpirationInDays: 7}
  Key: {Type: AWS::KMS::Key}
  App:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: app
      ObjectLockEnabled: true
      ObjectLockConfiguration: {ObjectLockEnabled: Enabled, Rule: {DefaultRetention: {Mode: GOVERNANCE, Years: 1}}}
      LoggingConfiguration:
        DestinationBucketName: !Ref Logs
        LogFilePrefix: app/
        TargetObjectKeyFormat: {PartitionedPrefix: {PartitionDateSource: DeliveryTime}}
  AppPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: app
      PolicyDocument:
        Version: 2012-10-17
        Statement: {Effect: Deny, Principal: "*", Action: "s3:*", Resource: !Sub "${App.Arn}/*"}
  Bare: {Type: AWS::S3::Bucket}
"""


def read(text: str) -> Facts:
    return cloudformation.of_bytes(text.encode(), "t.yaml", NOW)


def value(properties: str) -> Any:
    return rows(read(f"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {{{properties}}}\n"))["${B}"]


def test_every_property_says_its_fact() -> None:
    found = rows(read(YAML))
    logs, app, bare = found["${Logs}"], found["app"], found["${Bare}"]
    assert isinstance(logs.acl, Value)
    assert {("WRITE", LOG_DELIVERY), ("READ_ACP", LOG_DELIVERY)} == {(grant.permission, grant.uri) for grant in logs.acl.value.grants}
    assert (Encryption("aws:kms", "${Key}"), "ObjectWriter") == (told(logs.encryption), told(logs.object_ownership))
    assert Versioning("Suspended") == told(logs.versioning)
    assert PublicAccessBlock(True, True, False, False) == told(logs.public_access_block)  # noqa: FBT003 - the four in their order
    expected = IntelligentTiering("i", "Enabled", "a/", (("k", "v"),), (("ARCHIVE_ACCESS", 90),))
    assert (expected,) == told(logs.intelligent_tiering)
    first = LifecycleRule("r", "Enabled", "app/", (("k", "v"),), 100, None, 30, None, False, 5, 2, (Transition("GLACIER", 0),))  # noqa: FBT003
    second = LifecycleRule("", "Disabled", expiration_date="2027-01-01", noncurrent_days=7)
    assert isinstance(logs.lifecycle, Value)
    assert (first, second) == logs.lifecycle.value.rules
    assert (ObjectLock("GOVERNANCE", None, 1), Versioning("Enabled")) == (told(app.object_lock), told(app.versioning))
    assert isinstance(app.logging, Value)
    assert ("${Logs}", "app/") == (told(app.logging.value.target_bucket), told(app.logging.value.target_prefix))
    assert KeyFormat("PartitionedPrefix", "DeliveryTime") == told(app.logging.value.target_object_key_format)
    assert isinstance(app.policy, Value)
    assert "arn:aws:s3:::app/*" == json.loads(app.policy.value)["Statement"]["Resource"]
    assert [None] * 4 == [told(fact) for fact in (bare.logging, bare.policy, bare.policy_is_public, bare.lifecycle)]
    assert ("BucketOwnerEnforced", Encryption("AES256")) == (told(bare.object_ownership), told(bare.encryption))


def test_what_stands_where_is_told_by_the_line_of_the_resource() -> None:
    found = rows(read(YAML))
    lines = {
        line.strip().partition(":")[0]: number
        for number, line in enumerate(YAML.splitlines(), 1)
        if line.startswith("  ") and line[2] != " "
    }
    expected = {"${Logs}": lines["Logs"], "app": lines["App"], "${Bare}": lines["Bare"]}
    assert expected == {name: row.location.line for name, row in found.items() if row.location}
    origin = found["app"].policy.origin
    assert origin is not None
    assert ("AppPolicy", Location("t.yaml", lines["AppPolicy"])) == (origin.call, origin.location)


@pytest.mark.parametrize("name", ["cdk.json", "cdk-log-delivery-acl.json"])
def test_templates_of_the_cdk_are_read(name: str) -> None:
    found = rows(cloudformation.read(TEMPLATES / name, name, NOW))
    targets = {}
    for bucket, row in found.items():
        targets[bucket] = told(row.logging.value.target_bucket) if isinstance(row.logging, Value) else told(row.logging)
    sink, itself = "${Logs6819BB44}", "${Self37C8C63A}"
    assert {"${AppF1B96344}": sink, itself: itself, sink: None, "${Bare254EC4A2}": None} == targets
    policy = told(found[sink].policy)
    assert isinstance(policy, str)
    if name == "cdk.json":
        allowed = json.loads(policy)["Statement"][1]
        assert f"arn:aws:s3:::{sink}/app/*" == allowed["Resource"]
        assert {"aws:SourceAccount": "${AWS::AccountId}"} == allowed["Condition"]["StringEquals"]
    else:
        acl = found[sink].acl
        assert isinstance(acl, Value)
        assert LOG_DELIVERY == acl.value.grants[0].uri
    assert Location(name, 3) == found[sink].location
    assert '"Logs6819BB44"' in (TEMPLATES / name).read_text().splitlines()[2]


def test_a_destination_that_is_left_out_is_the_bucket_itself() -> None:
    assert "${B}" == told(value("LoggingConfiguration: {LogFilePrefix: b/}").logging.value.target_bucket)
    assert "${B}" == told(value("LoggingConfiguration: {}").logging.value.target_bucket)


@pytest.mark.parametrize(
    ("fact", "properties"),
    [
        ("logging", "LoggingConfiguration: text"),
        ("logging", "LoggingConfiguration: [{}, {}]"),
        ("acl", "AccessControl: OfTomorrow"),
        ("acl", "AccessControl: {}"),
        ("object_ownership", "OwnershipControls: {Rules: []}"),
        ("encryption", "BucketEncryption: {}"),
        ("encryption", "BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {}}]}"),
        ("versioning", "VersioningConfiguration: {}"),
        ("versioning", "VersioningConfiguration: Enabled"),
        ("public_access_block", "PublicAccessBlockConfiguration: {BlockPublicAcls: maybe}"),
        ("public_access_block", "PublicAccessBlockConfiguration: {BlockPublicAcls: [true]}"),
        ("lifecycle", "LifecycleConfiguration: {Rules: [{ExpirationInDays: 1}]}"),
        ("lifecycle", "LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationInDays: many}]}"),
        ("lifecycle", "LifecycleConfiguration: {Rules: [{Status: Enabled, ExpirationDate: soon}]}"),
        ("lifecycle", "LifecycleConfiguration: {Rules: text}"),
        ("object_lock", "ObjectLockEnabled: {}"),
        ("intelligent_tiering", "IntelligentTieringConfigurations: [{Id: i, Status: Enabled, Tierings: [{AccessTier: A}]}]"),
    ],
)
def test_what_makes_no_sense_is_unknown_and_never_clean(fact: str, properties: str) -> None:
    assert is_unknown(getattr(value(properties), fact))


def test_a_key_format_of_no_kind_that_is_known_is_unknown() -> None:
    assert is_unknown(value("LoggingConfiguration: {TargetObjectKeyFormat: {Other: {}}}").logging.value.target_object_key_format)


def policies(*policies: str) -> dict[str, Any]:
    text = "Parameters: {Name: {Type: String}}\nResources:\n  A: {Type: AWS::S3::Bucket, Properties: {BucketName: a}}\n"
    text += "  B: {Type: AWS::S3::Bucket}\n"
    each = "".join(f"  P{at}: {{Type: AWS::S3::BucketPolicy, Properties: {{{one}}}}}\n" for at, one in enumerate(policies))
    return rows(read(text + each))


def test_a_policy_is_of_the_bucket_that_it_names() -> None:
    found = policies("Bucket: !Ref B, PolicyDocument: {Statement: []}")
    assert ('{"Statement": []}', None) == (told(found["${B}"].policy), told(found["a"].policy))
    assert is_unknown(found["${B}"].policy_is_public)


def test_a_policy_of_a_bucket_that_nobody_knows_is_in_doubt_where_it_may_be() -> None:
    found = policies("Bucket: !Ref Name, PolicyDocument: {}")
    assert is_unknown(found["a"].policy, "the bucket that P0 is of is known once it is deployed")
    assert isinstance(found["${B}"].policy, Absent)  # NOTE: nobody can give a name as a parameter that AWS has yet to make up.
    anywhere = policies("Bucket: !GetAZs x, PolicyDocument: {}")
    assert is_unknown(anywhere["a"].policy, "Fn::GetAZs")
    assert is_unknown(anywhere["${B}"].policy, "Fn::GetAZs")


def test_two_policies_of_one_bucket_are_in_doubt() -> None:
    assert is_unknown(policies("Bucket: a, PolicyDocument: {}", "Bucket: a, PolicyDocument: {}")["a"].policy, "P0 and P1 both")


@pytest.mark.parametrize("document", ["7", "[]", "!Ref Name", "{Statement: !GetAZs x}", "{Statement: [{Effect: !GetAZs x}]}"])
def test_a_policy_of_which_too_much_is_open_is_unknown(document: str) -> None:
    assert is_unknown(policies(f"Bucket: a, PolicyDocument: {document}")["a"].policy)


def test_a_resource_that_is_open_leaves_the_rest_of_the_policy_known() -> None:
    found = policies("Bucket: a, PolicyDocument: {Statement: [{Effect: Allow, Resource: [!Select [0, !GetAZs x], b]}]}")["a"].policy
    assert isinstance(found, Value)
    assert ["${Fn::GetAZs is known once it is deployed}", "b"] == json.loads(found.value)["Statement"][0]["Resource"]


def test_the_account_has_what_the_template_makes_of_it() -> None:
    (account,) = read("""\
Resources:
  B: {Type: AWS::S3::Bucket}
  D: {Type: AWS::S3Express::DirectoryBucket, Properties: {BucketName: d--use1-az4--x-s3}}
  T: {Type: AWS::S3Tables::TableBucket, Properties: {TableBucketName: t}}
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      S3BucketName: !Ref B
      IsLogging: true
      EventSelectors: [{DataResources: [{Type: AWS::S3::Object, Values: [!Sub "${B.Arn}/"]}]}]
  Store:
    Type: AWS::CloudTrail::EventDataStore
    Properties: {AdvancedEventSelectors: [{FieldSelectors: [{Field: eventCategory, Equals: [Data]}]}]}
  Source: {Type: AWS::Logs::DeliverySource, Properties: {Name: s, LogType: S3_SERVER_ACCESS_LOGS, ResourceArn: !GetAtt B.Arn}}
  Other: {Type: AWS::Logs::DeliverySource, Properties: {Name: o, LogType: APPLICATION_LOGS, ResourceArn: x}}
  Destination: {Type: AWS::Logs::DeliveryDestination, Properties: {Name: d, DestinationResourceArn: "arn:aws:logs:x:y:z"}}
  Delivery: {Type: AWS::Logs::Delivery, Properties: {DeliverySourceName: s, DeliveryDestinationArn: !GetAtt Destination.Arn}}
  Unused: {Type: AWS::Logs::Delivery, Properties: {DeliverySourceName: o, DeliveryDestinationArn: x}}
""").accounts
    assert ("${AWS::AccountId}", 1, 1, 1) == (
        account.id,
        told(account.buckets),
        told(account.directory_buckets),
        told(account.table_buckets),
    )
    assert (LogDelivery("arn:aws:s3:::${B}", "${Destination.Arn}", "CWL"),) == told(account.log_deliveries)
    assert isinstance(account.trails, Value)
    (trail,) = account.trails.value
    assert ("${B}", (EventSelector("All", ("arn:aws:s3:::${B}/",)),)) == (trail.s3_bucket_name, told(trail.selectors))
    assert isinstance(account.event_data_stores, Value)
    assert (True, None) == (told(account.event_data_stores.value[0].is_logging), account.event_data_stores.value[0].s3_bucket_name)
    (without,) = read("Resources: {B: {Type: AWS::S3::Bucket}}").accounts
    assert is_unknown(without.trails, "a template does not show it")


def test_a_trail_that_may_not_be_made_makes_the_trails_unknown() -> None:
    (account,) = read("""\
Parameters: {P: {Type: String}}
Conditions: {C: !Equals [!Ref P, x]}
Resources: {T: {Type: AWS::CloudTrail::Trail, Condition: C, Properties: {S3BucketName: b, IsLogging: true}}}
""").accounts
    assert is_unknown(account.trails, "whether T is made")


USES = [b", ".join([b"*a%d" % at] * 9) for at in range(9)]
LAUGHS = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (at + 1, at + 1, uses) for at, uses in enumerate(USES))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty: a template is expected"),
        (b"[]", "is not a CloudFormation template"),
        (b"text", "is not a CloudFormation template"),
        (b"{}", "is not a CloudFormation template"),
        (b"Resources: {}", "is not a CloudFormation template"),
        (b"Resources: []", "is not a CloudFormation template"),
        (b"Resources: {B: {Type: x}}\n---\nResources: {B: {Type: x}}", "is not a CloudFormation template"),
        (b"Resources: {B: 7}", "t.yaml:1:13: resource B has no Type"),
        (b"Resources: {B: {Type: [x]}}", "resource B has no Type"),
        (b"Resources: {B: {Type: x, Condition: [y]}}", "the Condition of resource B is not the name of one"),
        (b"Parameters: []\nResources: {B: {Type: x}}", "t.yaml:1:13: Parameters is a mapping"),
        (b"Resources: {B: {Type: x}, B: {Type: y}}", "stands twice"),
        (b"Resources: {B: {Type: !!python/object:os.system x}}", "is not allowed: no template has it"),
        (b"Resources: {B: {Type: !<tag:x> y}}", "is not allowed: no template has it"),
        (LAUGHS, "more than 50,000 values"),
        (b"Resources: " + b"[" * 60 + b"]" * 60, "nested more than 50 deep"),
        (b"Resources: {B: {Type: '" + b"x" * 70_000 + b"'}}", "a text of more than 65,536 characters"),
        (b"Resources: {B: {Type: \xff}}", "is not UTF-8"),
        ("Resources: {B: {Type: \u202ey}}".encode(), "character U+202E may not stand in a template"),
        (b"#" * (1 << 20) + b"\nResources: {}", "larger than 1 MiB"),
        (b"Resources: {B: {Type: x", "not valid YAML"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        cloudformation.of_bytes(content, "t.yaml", NOW)
    assert message in str(refused.value)
    assert str(refused.value).startswith("t.yaml")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match=r"could not read the template gone\.yaml: No such file"):
        cloudformation.read(tmp_path / "gone.yaml", "gone.yaml", NOW)


def test_json_is_read_as_it_is_written_by_tools(tmp_path: Path) -> None:
    tree = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Metadata": {"path": "a\\/\t\u00fc"}, "Properties": {"BucketName": "b"}}}}
    for indent, name in ((None, "one.json"), (4, "four.json"), ("\t", "tab.json")):
        (tmp_path / name).write_text(json.dumps(tree, indent=indent))
        assert ["b"] == list(rows(cloudformation.read(tmp_path / name, name, NOW)))


def places(tree: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a tree."""
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(way for key, one in below for way in places(one, (*at, key)))]


WHOLE = (TEMPLATES / "cdk.json").read_text()
PLACES = [way for way in places(json.loads(WHOLE)) if way]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, True, "", "${x}", [], {}, [[]], {"Ref": "x"}, {"Ref": []}, {"Fn::If": ["x", 1, 2]}, {"Fn::Join": []}, {"Fn::GetAtt": {}}]
)


@settings(max_examples=150)
@given(st.sampled_from(PLACES), ODD)
def test_whatever_is_odd_in_a_template_is_refused_or_unknown_and_breaks_nothing(way: tuple[Any, ...], odd: Any) -> None:
    tree = json.loads(WHOLE)
    at = tree
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = odd
    try:
        found = read(json.dumps(tree))
    except UsageError:
        return
    assert "template" == found.source
