"""Who may reach what, in both stacks."""

import json

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
WORLD = "0.0.0.0/0"


def edges(recording, kind):
    """Rules as (group, peer, port), with groups by their role."""
    roles = {f"web-security-{role}-id": role for role in ("balancer", "instances", "database")}
    found = set()
    for rule in recording.of(kind):
        inputs = rule.inputs
        assert inputs["fromPort"] == inputs["toPort"]
        assert inputs["ipProtocol"] == "tcp"
        referenced = inputs.get("referencedSecurityGroupId")
        peer = roles[referenced] if referenced else inputs["cidrIpv4"]
        found.add((roles[inputs["securityGroupId"]], peer, int(inputs["fromPort"])))
    return found


def test_the_chain_of_the_fleet(ha):
    assert edges(ha, INGRESS) == {
        ("balancer", WORLD, 80),
        ("instances", "balancer", 8080),
        ("database", "instances", 5432),
    }
    assert edges(ha, EGRESS) == {
        ("balancer", "instances", 8080),
        ("instances", "database", 5432),
        ("instances", WORLD, 443),
    }


def test_the_chain_of_the_baseline(single):
    assert edges(single, INGRESS) == {
        ("instances", WORLD, 8080),
        ("database", "instances", 5432),
    }
    assert edges(single, EGRESS) == {
        ("instances", "database", 5432),
        ("instances", WORLD, 443),
    }


def test_no_rule_reaches_ssh_and_no_key_pair_exists(either):
    for rule in [*either.of(INGRESS), *either.of(EGRESS)]:
        assert not rule.inputs["fromPort"] <= 22 <= rule.inputs["toPort"]
    assert not [r.name for r in either.resources.values() if "keyName" in r.inputs]


def test_groups_have_no_inline_rules(either):
    for group in either.of("aws:ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & set(group.inputs)


def test_the_database_is_private_encrypted_backed_up_and_tls_only(either):
    database = either.one("aws:rds/instance:Instance")
    inputs = database.inputs
    assert inputs["publiclyAccessible"] is False
    assert inputs["storageEncrypted"] is True
    assert inputs["backupRetentionPeriod"] >= 7
    assert inputs["copyTagsToSnapshot"] is True
    assert inputs["vpcSecurityGroupIds"] == ["web-security-database-id"]
    parameters = either.one("aws:rds/parameterGroup:ParameterGroup")
    assert parameters.inputs["family"] == "postgres18"
    values = {item["name"]: item["value"] for item in parameters.inputs["parameters"]}
    assert values["rds.force_ssl"] == "1"
    assert database.property_dependencies["parameterGroupName"] == (parameters.urn,)


def test_the_databases_subnets_have_no_way_out(either):
    group = either.one("aws:rds/subnetGroup:SubnetGroup")
    isolated = set(group.inputs["subnetIds"])
    associations = either.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
    tables = {a.inputs["routeTableId"] for a in associations if a.inputs["subnetId"] in isolated}
    routed = {route.inputs["routeTableId"] for route in either.of("aws:ec2/route:Route")}
    assert len(isolated) >= 2
    assert tables
    assert not tables & routed


def test_rds_makes_the_password_and_no_text_holds_one(either):
    inputs = either.one("aws:rds/instance:Instance").inputs
    assert inputs["manageMasterUserPassword"] is True
    for resource in either.resources.values():
        assert not {"password", "passwordWo", "masterPassword"} & set(resource.inputs)
    assert not [text for text in either.texts() if "PASSWORD=" in text.upper()]


def test_instances_answer_metadata_with_tokens_only_and_one_hop_far(single, ha):
    for resource in (
        single.one("aws:ec2/instance:Instance"),
        ha.one("aws:ec2/launchTemplate:LaunchTemplate"),
    ):
        assert resource.inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }


def test_volumes_are_encrypted(single, ha):
    assert single.one("aws:ec2/instance:Instance").inputs["rootBlockDevice"]["encrypted"] is True
    (mapping,) = ha.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["blockDeviceMappings"]
    assert mapping["ebs"]["encrypted"] == "true"
    assert mapping["ebs"]["volumeType"] == "gp3"


def test_the_instance_role_may_do_four_things(either):
    policies = either.of("aws:iam/rolePolicy:RolePolicy")
    assert {policy.inputs["role"] for policy in policies} == {"web-identity-instance-id"}
    granted = {
        statement["Sid"]: (statement["Action"], statement["Resource"])
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    }
    assert granted == {
        "ReadRevisions": (
            ["s3:GetObject", "s3:GetObjectVersion"],
            "arn:aws:s3:::web-revision-bucket-1234567/revisions/*",
        ),
        "ReadAgentInstaller": (
            "s3:GetObject",
            "arn:aws:s3:::aws-codedeploy-ap-northeast-2/*",
        ),
        "ReadDatabasePassword": (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1-AbCdEf",
        ),
        "OpenSessions": (
            [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "*",
        ),
    }


def test_a_preview_already_knows_that_sessions_are_possible(build):
    for stack in ("single", "ha"):
        sessions = build(stack, preview=True).called("web-identity-sessions")
        assert "ssm:UpdateInstanceInformation" in sessions.inputs["policy"]


def test_the_instances_role_has_no_managed_policy(either):
    attached = either.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached
    assert not [a.name for a in attached if "instance" in a.inputs["role"]]


def test_no_lifecycle_rule_can_expire_a_revision(either):
    lifecycle = either.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    assert lifecycle.inputs["bucket"] == "web-revision-bucket-id"
    for rule in lifecycle.inputs["rules"]:
        assert rule["status"] == "Enabled"
        assert set(rule) <= {"id", "status", "filter", "abortIncompleteMultipartUpload"}
    versioning = either.one("aws:s3/bucketVersioning:BucketVersioning")
    assert versioning.urn in lifecycle.dependencies


def test_roles_trust_one_service_each(either):
    trusted = {
        json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]["Service"]
        for role in either.of("aws:iam/role:Role")
    }
    assert trusted == {"ec2.amazonaws.com", "codedeploy.amazonaws.com"}


def test_the_bucket_is_private_versioned_encrypted_and_tls_only(either):
    private = either.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert [value for key, value in private.items() if key != "bucket"] == [True] * 4
    versioning = either.one("aws:s3/bucketVersioning:BucketVersioning").inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    (statement,) = json.loads(either.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])[
        "Statement"
    ]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_revision_comes_into_a_guarded_bucket_and_outlives_its_successor(either):
    revision = either.one("aws:s3/bucketObjectv2:BucketObjectv2")
    assert revision.retain_on_delete is True
    digest = revision.inputs["sourceHash"]
    assert revision.inputs["key"] == f"revisions/{digest}.zip"
    guards = {
        either.one(kind).urn
        for kind in (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/bucketVersioning:BucketVersioning",
            "aws:s3/bucketPolicy:BucketPolicy",
        )
    }
    assert guards <= set(revision.dependencies)


def test_protect_switches_every_protection_together(build):
    recording = build("ha", protect="true")
    database = recording.one("aws:rds/instance:Instance").inputs
    assert database["deletionProtection"] is True
    assert database["skipFinalSnapshot"] is False
    assert database["finalSnapshotIdentifier"]
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert balancer["enableDeletionProtection"] is True
    assert recording.one("aws:s3/bucket:Bucket").inputs["forceDestroy"] is False
    assert recording.one("aws:autoscaling/group:Group").inputs["forceDelete"] is False


def test_without_protect_a_stack_can_be_destroyed_in_one_go(ha):
    database = ha.one("aws:rds/instance:Instance").inputs
    assert database["deletionProtection"] is False
    assert database["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in database
    assert ha.one("aws:s3/bucket:Bucket").inputs["forceDestroy"] is True
