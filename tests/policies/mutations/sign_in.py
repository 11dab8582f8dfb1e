"""What breaks the rule about sign-in at the load balancer."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def sign_in(stack):
    """Let visitors sign in at the load balancer."""
    provider = {
        "issuer": "https://id.example.com",
        "authorizationEndpoint": "https://id.example.com/authorize",
        "tokenEndpoint": "https://id.example.com/token",
        "userInfoEndpoint": "https://id.example.com/userinfo",
        "clientId": "shop",
        "clientSecret": "$from-elsewhere",
    }
    stack.set(
        "https",
        "defaultActions",
        [
            {"type": "authenticate-oidc", "order": 1, "authenticateOidc": provider},
            {"type": "forward", "order": 2, "targetGroupArn": Ref("target-group", "arn")},
        ],
    )


def reached(stack):
    """Let visitors sign in, and the load balancer reach the provider."""
    sign_in(stack)
    to_provider(stack)


def to_provider(stack):
    """Let the load balancer reach the provider."""
    stack.add(
        "to-provider",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {
            "securityGroupId": Ref("security-group"),
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "0.0.0.0/0",
        },
    )


@breaks("elb-reaches-identity-provider")
def provider_out_of_reach(stack):
    sign_in(stack)


decides(
    "elb-reaches-identity-provider", "https", "defaultActions", absent=KEEPS, unknown=KEEPS,
    given=reached,
)  # fmt: skip
