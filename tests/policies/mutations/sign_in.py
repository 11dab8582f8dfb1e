"""What breaks the rule about sign-in at the load balancer."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides


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


CLIENT = {
    "generateSecret": True,
    "callbackUrls": ["https://www.example.com/oauth2/idpresponse"],
    "allowedOauthFlows": ["code"],
    "allowedOauthScopes": ["openid"],
    "allowedOauthFlowsUserPoolClient": True,
}


def by_user_pool(stack, **changes):
    """Let visitors sign in by a user pool, and the load balancer reach it."""
    to_provider(stack)
    client = {"userPoolId": "ap-northeast-2_a", **CLIENT, **changes}
    stack.add("client", "aws:cognito/userPoolClient:UserPoolClient", client)
    asked = {
        "userPoolArn": "arn:aws:cognito-idp:ap-northeast-2:123456789012:userpool/ap-northeast-2_a",
        "userPoolClientId": Ref("client"),
        "userPoolDomain": "shop",
    }
    forward = {"type": "forward", "order": 2, "targetGroupArn": Ref("target-group", "arn")}
    sign_in = {"type": "authenticate-cognito", "order": 1, "authenticateCognito": asked}
    stack.set("https", "defaultActions", [sign_in, forward])


@breaks("elb-sign-in-possible")
def client_without_a_secret(stack):
    by_user_pool(stack, generateSecret=False)


@breaks("elb-sign-in-possible")
def client_of_another_page(stack):
    by_user_pool(stack, callbackUrls=["https://www.example.com/callback"])


decides(
    "elb-sign-in-possible",
    "client",
    "callbackUrls",
    absent=BREAKS,
    unknown=KEEPS,
    given=by_user_pool,
)
