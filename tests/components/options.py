"""The options of a stack: the configuration that enables each, and the resources it adds."""

from __future__ import annotations

from dataclasses import dataclass, field

CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "0" * 36
DOMAIN = "www.example.com"
ZONE = "Z0123456789ABC"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@dataclass(frozen=True)
class Option:
    """`adds` counts resources by type, for a stack in three zones; negative if it removes some."""

    config: dict[str, str]
    adds: dict[str, int]
    stacks: tuple[str, ...] = field(default=("ha",))


OPTIONS = {
    "nat": Option(
        {"network": "nat"},
        {
            "aws:ec2/subnet:Subnet": 3,
            "aws:ec2/routeTable:RouteTable": 3,
            "aws:ec2/route:Route": 3,
            "aws:ec2/routeTableAssociation:RouteTableAssociation": 3,
            "aws:ec2/eip:Eip": 3,
            "aws:ec2/natGateway:NatGateway": 3,
        },
    ),
    "flow logs": Option(
        {"flowLogs": "true"},
        {
            "aws:ec2/flowLog:FlowLog": 1,
            "aws:cloudwatch/logGroup:LogGroup": 1,
            "aws:iam/role:Role": 1,
            "aws:iam/rolePolicy:RolePolicy": 1,
        },
        ("single", "ha"),
    ),
    "access logs": Option(
        {"accessLogs": "true"},
        {
            "aws:s3/bucket:Bucket": 1,
            "aws:s3/bucketVersioning:BucketVersioning": 1,
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
            (
                "aws:s3/bucketServerSideEncryptionConfiguration:"
                "BucketServerSideEncryptionConfiguration"
            ): 1,
            "aws:s3/bucketPolicy:BucketPolicy": 1,
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
        },
    ),
    "given certificate": Option(
        {"domainName": DOMAIN, "certificateArn": CERTIFICATE},
        {"aws:lb/listener:Listener": 1, RULE: 1},
    ),
    "new certificate": Option(
        {"domainName": DOMAIN, "hostedZoneId": ZONE},
        {
            "aws:lb/listener:Listener": 1,
            RULE: 1,
            "aws:acm/certificate:Certificate": 1,
            "aws:acm/certificateValidation:CertificateValidation": 1,
            "aws:route53/record:Record": 2,
        },
    ),
    "given certificate and zone": Option(
        {"domainName": DOMAIN, "certificateArn": CERTIFICATE, "hostedZoneId": ZONE},
        {"aws:lb/listener:Listener": 1, RULE: 1, "aws:route53/record:Record": 1},
    ),
    "further types": Option({"instanceTypes": '["t4g.micro"]'}, {}),
    "spot": Option({"instanceTypes": '["t4g.micro"]', "spotPercentage": "50"}, {}),
}
