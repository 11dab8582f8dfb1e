"""Rights, keys and secrets that an engineer in a hurry gives away."""

from __future__ import annotations

import json

from tests.policies.programs import bricks
from tests.policies.programs.cases import CLOSED, DEPLOY, SERVE, Edit, Ref, broken

WEB = "plain_web_service"


def allow(*actions: str, resource: object = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def grant(edit: Edit, *statements: dict[str, object]) -> None:
    edit.add(
        "more-rights",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("app-role"), "policy": bricks.document(*statements)},
    )


@broken(WEB, CLOSED)
def instances_may_become_anybody(edit: Edit) -> None:
    grant(edit, allow("sts:AssumeRole"))


@broken(WEB, CLOSED)
def instances_may_pass_any_role(edit: Edit) -> None:
    grant(edit, allow("iam:PassRole", "ec2:RunInstances"))


@broken(WEB, CLOSED, advisory=True)
def instances_may_read_every_secret(edit: Edit) -> None:
    grant(edit, allow("secretsmanager:GetSecretValue"))


@broken(WEB, CLOSED, advisory=True)
def instances_may_do_everything_with_every_bucket(edit: Edit) -> None:
    grant(edit, allow("s3:*"))


@broken(WEB, CLOSED, advisory=True)
def instances_may_decrypt_everything(edit: Edit) -> None:
    grant(edit, allow("kms:*"))


@broken(WEB, CLOSED)
def everything_by_a_wildcard_in_the_middle(edit: Edit) -> None:
    grant(edit, allow("*:*"))


@broken(WEB, CLOSED)
def everything_under_a_condition_that_always_holds(edit: Edit) -> None:
    grant(edit, allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}))


def trusted(edit: Edit, statement: dict[str, object]) -> None:
    edit.add(
        "builder",
        "aws:iam/role:Role",
        {
            "assumeRolePolicy": json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
            )
        },
    )


FORGE = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
AUDIENCE = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}


@broken(WEB, CLOSED)
def any_repository_of_the_forge_deploys(edit: Edit) -> None:
    trusted(
        edit,
        {
            "Principal": {"Federated": FORGE},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": AUDIENCE},
        },
    )


@broken(WEB, CLOSED)
def repositories_by_a_wildcard(edit: Edit) -> None:
    trusted(
        edit,
        {
            "Principal": {"Federated": FORGE},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": AUDIENCE,
                "StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"},
            },
        },
    )


@broken("lambda_for_one_path", CLOSED, advisory=True)
def function_by_a_public_address(edit: Edit) -> None:
    edit.add(
        "address",
        "aws:lambda/functionUrl:FunctionUrl",
        {"functionName": Ref("function", "name"), "authorizationType": "NONE"},
    )


@broken("shared_files", CLOSED)
def files_that_anybody_may_mount(edit: Edit) -> None:
    edit.add(
        "files-policy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        {
            "fileSystemId": Ref("files"),
            "policy": bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": "elasticfilesystem:*",
                    "Resource": "*",
                }
            ),
        },
    )


@broken(WEB, CLOSED)
def image_for_everybody(edit: Edit) -> None:
    edit.add(
        "share",
        "aws:ec2/amiLaunchPermission:AmiLaunchPermission",
        {"imageId": bricks.IMAGE, "group": "all"},
    )


@broken(WEB, CLOSED)
def snapshot_of_the_database_for_everybody(edit: Edit) -> None:
    edit.add(
        "copy",
        "aws:rds/snapshot:Snapshot",
        {
            "dbInstanceIdentifier": Ref("database", "identifier"),
            "dbSnapshotIdentifier": "shop-copy",
            "sharedAccounts": ["all"],
        },
    )


@broken(WEB, CLOSED)
def password_in_a_secret_of_the_program(edit: Edit) -> None:
    edit.set("database", "manageMasterUserPassword", ...)
    edit.set("database", "password", "s3cr3t-0f-th3-sh0p")


@broken("exports_that_expire", CLOSED)
def exports_as_a_website(edit: Edit) -> None:
    edit.set("exports-block", "blockPublicPolicy", False)
    edit.set("exports-block", "restrictPublicBuckets", False)


@broken(WEB, CLOSED)
def key_of_a_user_in_the_program(edit: Edit) -> None:
    edit.add("robot", "aws:iam/user:User", {"name": "robot"})
    edit.add("robot-key", "aws:iam/accessKey:AccessKey", {"user": "robot"})
    edit.add(
        "robot-parameter",
        "aws:ssm/parameter:Parameter",
        {"name": "/robot/key", "type": "String", "value": Ref("robot-key", "secret")},
    )


@broken(WEB, (DEPLOY, SERVE))
def role_denied_by_its_boundary(edit: Edit) -> None:
    edit.add(
        "limits",
        "aws:iam/policy:Policy",
        {"policy": bricks.document(allow("logs:*"))},
    )
    edit.set("codedeploy-role", "permissionsBoundary", Ref("limits", "arn"))


@broken("revision_in_a_bucket", CLOSED)
def revisions_for_every_account(edit: Edit) -> None:
    edit.set(
        "revisions-tls",
        "policy",
        bricks.document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
        ),
    )
    edit.set("revisions-block", "blockPublicPolicy", False)
    edit.set("revisions-block", "restrictPublicBuckets", False)
