"""Guards of an account taken away, rights over all of it, and secrets in what others are made of."""

from __future__ import annotations

from tests.policies.programs.bricks import document
from tests.policies.programs.cases import CLOSED, DEPLOY, SERVE, Edit, Ref, broken
from tests.policies.programs.innocents.sharing import from_here_only

WEB = "plain_web_service"


@broken(WEB, CLOSED, "account-guards-on")
def account_that_lets_buckets_be_public(edit: Edit) -> None:
    edit.add(
        "ab",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        {
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": False,
            "restrictPublicBuckets": False,
        },
    )


@broken(WEB, CLOSED, "account-guards-on")
def disks_not_encrypted_by_default(edit: Edit) -> None:
    edit.add("ee", "aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": False})


@broken(WEB, CLOSED, "account-guards-on")
def snapshots_may_be_public(edit: Edit) -> None:
    edit.add(
        "sb", "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", {"state": "unblocked"}
    )


@broken(WEB, CLOSED, "account-guards-on")
def snapshot_for_everybody(edit: Edit) -> None:
    edit.add(
        "sp",
        "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
        {"snapshotId": "snap-0123456789abcdef0", "accountId": "all"},
    )


@broken(WEB, CLOSED, "account-guards-on")
def metadata_defaults_of_the_account(edit: Edit) -> None:
    edit.add(
        "md",
        "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
        {"httpTokens": "optional"},
    )


@broken(WEB, CLOSED, "iam-data-limited", advisory=True)
def instances_may_run_commands_on_everything(edit: Edit) -> None:
    edit.add(
        "pol",
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": Ref("app-role"),
            "policy": document({"Effect": "Allow", "Action": ["ssm:SendCommand"], "Resource": "*"}),
        },
    )


@broken(WEB, CLOSED, "iam-data-limited", advisory=True)
def instances_may_replace_any_function(edit: Edit) -> None:
    edit.add(
        "pol",
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": Ref("app-role"),
            "policy": document(
                {
                    "Effect": "Allow",
                    "Action": ["lambda:UpdateFunctionCode", "lambda:InvokeFunction"],
                    "Resource": "*",
                }
            ),
        },
    )


@broken(WEB, CLOSED, "iam-data-limited", advisory=True)
def instances_may_do_everything_with_tables(edit: Edit) -> None:
    edit.add(
        "pol",
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": Ref("app-role"),
            "policy": document({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}),
        },
    )


@broken(WEB, CLOSED, "iam-data-limited", advisory=True)
def instances_may_do_everything_with_ec2(edit: Edit) -> None:
    edit.add(
        "pol",
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": Ref("app-role"),
            "policy": document({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}),
        },
    )


@broken(WEB, CLOSED, "iam-data-limited", advisory=True)
def instances_may_snapshot_databases(edit: Edit) -> None:
    edit.add(
        "pol",
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": Ref("app-role"),
            "policy": document({"Effect": "Allow", "Action": ["rds:*"], "Resource": "*"}),
        },
    )


@broken(WEB, CLOSED, "environment-no-credentials")
def password_of_an_amplify_site(edit: Edit) -> None:
    edit.add(
        "amp",
        "aws:amplify/app:App",
        {"name": "shop", "environmentVariables": {"DB_PASSWORD": "correct-horse-battery-9"}},
    )


@broken(WEB, CLOSED, "no-secret-in-program")
def shared_key_of_a_tunnel(edit: Edit) -> None:
    edit.add(
        "vpn",
        "aws:ec2/vpnConnection:VpnConnection",
        {
            "customerGatewayId": "cgw-0123456789abcdef0",
            "type": "ipsec.1",
            "transitGatewayId": "tgw-0123456789abcdef0",
            "tunnel1PresharedKey": "Xyz_12345678secret",
        },
    )


@broken(WEB, CLOSED, "environment-no-credentials")
def password_in_a_template_of_cloudformation(edit: Edit) -> None:
    edit.add(
        "cf",
        "aws:cloudformation/stack:Stack",
        {
            "name": "legacy",
            "parameters": {"DbPassword": "correct-horse-battery-9"},
            "templateUrl": "https://x.s3.amazonaws.com/t.json",
        },
    )


@broken(WEB, CLOSED, "content-no-credentials")
def password_in_an_image_component(edit: Edit) -> None:
    edit.add(
        "ic",
        "aws:imagebuilder/component:Component",
        {
            "name": "x",
            "platform": "Linux",
            "version": "1.0.0",
            "data": "steps:\n  - inputs: export DB_PASSWORD=correct-horse-battery-9\n",
        },
    )


@broken(WEB, CLOSED, "content-no-credentials")
def password_of_a_connector(edit: Edit) -> None:
    edit.add(
        "mc",
        "aws:mskconnect/workerConfiguration:WorkerConfiguration",
        {
            "name": "x",
            "propertiesFileContent": "key.converter=x\ndatabase.password=correct-horse-battery-9\n",
        },
    )


@broken(WEB, DEPLOY, "ec2-managed-by-ssm")
def instances_whose_gateways_are_not_in_the_list(edit: Edit) -> None:
    """The list of addresses was written before the NAT gateways moved."""
    for letter, address in (("a", "203.0.113.7"), ("b", "203.0.113.8")):
        edit.set(f"address-{letter}", "publicIp", address)
    from_here_only(edit, "198.51.100.0/24")


@broken(WEB, SERVE, "iam-objects-named")
def instances_read_a_bucket_and_not_its_objects(edit: Edit) -> None:
    reads = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": "arn:aws:s3:::pictures",
    }
    given = {"role": Ref("app-role"), "policy": document(reads)}
    edit.add("pictures", "aws:iam/rolePolicy:RolePolicy", given)


@broken(WEB, CLOSED, "iam-trust-limited")
def guests_of_every_identity_pool(edit: Edit) -> None:
    guests = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    edit.add("guests", "aws:iam/role:Role", {"assumeRolePolicy": document(guests)})
