"""What breaks the rules about CloudFront and API Gateway."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def distribution(
    stack, *, policy="https-only", viewer="redirect-to-https", region="us-east-1", **more
):
    """Add a distribution before the load balancer."""
    stack.add(
        "edge",
        "aws:cloudfront/distribution:Distribution",
        {
            "enabled": True,
            "origins": [
                {
                    "originId": "shop",
                    "domainName": Ref("load-balancer", "dnsName"),
                    "customOriginConfig": {
                        "httpPort": 80,
                        "httpsPort": 443,
                        "originProtocolPolicy": policy,
                        "originSslProtocols": ["TLSv1.2"],
                    },
                }
            ],
            "defaultCacheBehavior": {"targetOriginId": "shop", "viewerProtocolPolicy": viewer},
            "viewerCertificate": {
                "acmCertificateArn": f"arn:aws:acm:{region}:123456789012:certificate/" + "5" * 36,
                "minimumProtocolVersion": "TLSv1.2_2021",
                "sslSupportMethod": "sni-only",
            },
            **more,
        },
    )


@breaks("edge-reaches-balancer")
def asked_by_http_where_http_redirects(stack):
    distribution(stack, policy="http-only")


@breaks("edge-tls")
def visitors_in_the_clear(stack):
    distribution(stack, viewer="allow-all")


@breaks("cloudfront-accepted")
def certificate_from_the_wrong_region(stack):
    distribution(stack, region="ap-northeast-2")


decides("edge-reaches-balancer", "edge", "enabled", absent=KEEPS, unknown=KEEPS, given=distribution)
decides("edge-tls", "edge", "defaultCacheBehavior", absent=KEEPS, unknown=KEEPS, given=distribution)
decides(
    "cloudfront-accepted",
    "edge",
    "viewerCertificate",
    absent=KEEPS,
    unknown=KEEPS,
    given=distribution,
)


def _errors(stack, kept):
    distribution(stack, customErrorResponses=[{"errorCode": 503, "errorCachingMinTtl": kept}])


@breaks("edge-errors-short")
def errors_of_yesterday(stack):
    _errors(stack, 86400)


decides(
    "edge-errors-short", "edge", "customErrorResponses", absent=KEEPS, unknown=KEEPS,
    given=lambda stack: _errors(stack, 10),
)  # fmt: skip
