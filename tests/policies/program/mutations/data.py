"""What breaks the rules about database and buckets."""

import pulumi_aws as aws

from .registry import breaks


@breaks("rds-multi-az")
def one_database(p):
    p["database"].set(multi_az=False)


@breaks("rds-deletion-protection")
def database_not_protected(p):
    p["database"].set(deletion_protection=...)


@breaks("rds-encrypted")
def clear_database(p):
    p["database"].set(storage_encrypted=...)


@breaks("rds-not-public")
def public_database(p):
    p["database"].set(publicly_accessible=True)


@breaks("rds-backups")
def no_backups(p):
    p["database"].set(backup_retention_period=...)


@breaks("rds-managed-master-password")
def password_in_the_program(p):
    p["database"].set(manage_master_user_password=..., password="hunter2-in-the-clear")


@breaks("s3-public-access-blocked")
def no_public_access_block(p):
    p.drop("access")


@breaks("s3-revision-bucket-versioning")
def no_versions(p):
    p.drop("versioning")


@breaks("s3-encryption")
def no_encryption(p):
    p.drop("encryption")


@breaks("s3-tls-only")
def no_bucket_policy(p):
    p.drop("transport")


@breaks("rds-minor-upgrade")
def no_minor_upgrades(p):
    p["database"].set(auto_minor_version_upgrade=False)


@breaks("s3-revision-never-expires")
def revisions_expire(p):
    p.add(
        "lifecycle",
        aws.s3.BucketLifecycleConfiguration,
        lambda r: {
            "bucket": r["revisions"].id,
            "rules": [{"id": "old", "status": "Enabled", "expiration": {"days": 30}}],
        },
    )


@breaks("s3-revision-never-expires")
def revisions_are_archived(p):
    p.add(
        "lifecycle",
        aws.s3.BucketLifecycleConfiguration,
        lambda r: {
            "bucket": r["revisions"].id,
            "rules": [
                {
                    "id": "cold",
                    "status": "Enabled",
                    "transitions": [{"days": 90, "storage_class": "DEEP_ARCHIVE"}],
                }
            ],
        },
    )
