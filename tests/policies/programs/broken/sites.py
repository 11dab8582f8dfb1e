"""Sites of buckets behind CloudFront, and what it has to send, as a hurried engineer leaves them."""

from __future__ import annotations

from tests.policies.programs.bricks import document
from tests.policies.programs.cases import SERVE, VALID, Edit, Ref, broken
from tests.policies.programs.innocents.fronts import distribution

HTTPS = "https_with_redirect"
STATIC = "pages_from_a_bucket_and_an_api"
EDGE = "only_through_cloudfront"


@broken(STATIC, SERVE, "cloudfront-front-page")
def static_site_without_a_front_page(edit: Edit) -> None:
    edit.set("edge", "defaultRootObject", ...)
    edit.set("edge", "customErrorResponses", ...)


@broken(STATIC, SERVE, "cloudfront-front-page")
def front_page_with_a_slash(edit: Edit) -> None:
    edit.set("edge", "defaultRootObject", "/index.html")
    edit.set("edge", "customErrorResponses", ...)


@broken(STATIC, SERVE, "cloudfront-reads-bucket")
def bucket_that_admits_another_distribution(edit: Edit) -> None:
    edit.set(
        "pages-policy",
        "policy",
        document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::pages/*",
                "Condition": {
                    "StringEquals": {
                        "AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E1OLD"
                    }
                },
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::pages", "arn:aws:s3:::pages/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ),
    )


@broken(STATIC, SERVE, "cloudfront-reads-bucket")
def pages_asked_without_a_signature(edit: Edit) -> None:
    edit.set("access", "signingBehavior", "never")


@broken(STATIC, SERVE, "cloudfront-reads-bucket")
def bucket_without_its_access_control(edit: Edit) -> None:
    edit.set("edge", "origins.0.originAccessControlId", ...)


@broken(EDGE, SERVE, "edge-reaches-balancer")
def header_that_cloudfront_does_not_send(edit: Edit) -> None:
    distribution(
        edit,
        origins=[
            {
                "originId": "shop",
                "domainName": Ref("front", "dnsName"),
                "customHeaders": [{"name": "X-Origin-Verify", "value": "another-word"}],
                "customOriginConfig": {
                    "httpPort": 80,
                    "httpsPort": 443,
                    "originProtocolPolicy": "https-only",
                    "originSslProtocols": ["TLSv1.2"],
                },
            }
        ],
    )


@broken(EDGE, SERVE, "edge-reaches-balancer")
def header_that_cloudfront_forgets(edit: Edit) -> None:
    distribution(edit)


@broken(STATIC, VALID, "cloudfront-accepted")
def methods_by_taste(edit: Edit) -> None:
    edit.set("edge", "defaultCacheBehavior.allowedMethods", ["GET", "HEAD", "POST"])


@broken(STATIC, VALID, "cloudfront-accepted")
def countries_without_a_list(edit: Edit) -> None:
    edit.set("edge", "restrictions.geoRestriction", {"restrictionType": "whitelist"})


@broken(STATIC, VALID, "cloudfront-accepted")
def error_page_without_a_page(edit: Edit) -> None:
    edit.set("edge", "customErrorResponses", [{"errorCode": 403, "responseCode": 200}])


@broken("bastion_with_a_fixed_address", VALID, "dns-accepted")
def two_kinds_of_one_name(edit: Edit) -> None:
    edit.add(
        "www-txt",
        "aws:route53/record:Record",
        {
            "zoneId": Ref("zone", "zoneId"),
            "name": "www.example.com",
            "type": "CNAME",
            "ttl": 60,
            "records": ["x.example.net"],
        },
    )


@broken("bastion_with_a_fixed_address", VALID, "dns-accepted")
def one_weighted_and_one_not(edit: Edit) -> None:
    edit.add(
        "www2",
        "aws:route53/record:Record",
        {
            "zoneId": Ref("zone", "zoneId"),
            "name": "www.example.com",
            "type": "A",
            "ttl": 60,
            "records": ["203.0.113.9"],
            "setIdentifier": "b",
            "weightedRoutingPolicies": [{"weight": 10}],
        },
    )


@broken("checked_from_outside", VALID, "dns-accepted")
def asked_every_twenty_seconds(edit: Edit) -> None:
    edit.set("check", "requestInterval", 20)


@broken(HTTPS, VALID, "elbv2-accepted")
def alpn_at_an_application_balancer(edit: Edit) -> None:
    edit.set("https", "alpnPolicy", "HTTP2Preferred")


@broken("grpc_service", VALID, "tg-accepted")
def grpc_checked_by_200(edit: Edit) -> None:
    edit.set("web", "healthCheck.matcher", "200")
