"""Several services behind one balancer: rules, weights, redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

NOT_FOUND = {
    "type": "fixed-response",
    "fixed_response": {"content_type": "text/plain", "message_body": "?", "status_code": "404"},
}


@dataclass
class Entrance:
    """What all services of the stack share."""

    site: bricks.Site
    group: aws.ec2.SecurityGroup
    front: aws.lb.LoadBalancer
    app: aws.codedeploy.Application = field(default_factory=bricks.application)
    role: aws.iam.Role = field(default_factory=bricks.deployer)
    topic: aws.sns.Topic = field(default_factory=bricks.mail)

    def service(self, name: str, port: int, **more: Any) -> aws.lb.TargetGroup:
        """Create one service of several: targets, fleet, alarm, deployment group."""
        inside = bricks.app_group(self.site.vpc.id, self.group, port, f"{name}-group")
        behind = bricks.targets(self.site.vpc.id, f"{name}-targets", port)
        made_from = bricks.template(inside, bricks.profile(name), f"{name}-template")
        subnets = self.site.private_ids()
        fleet = bricks.fleet(subnets, made_from, behind, name=f"{name}-fleet", **more)
        bricks.tracking(fleet, f"{name}-cpu")
        alarm = bricks.errors(self.front, behind, self.topic, f"{name}-errors")
        bricks.unhealthy(self.front, behind, self.topic, f"{name}-unhealthy")
        bricks.deployment(self.app, self.role, fleet, behind, alarm, name=f"{name}-deployment")
        return behind


def entrance(*ports: int) -> Entrance:
    site = bricks.network()
    group = bricks.balancer_group(site.vpc.id, *ports)
    return Entrance(site, group, bricks.balancer(site.public_ids(), group))


def rule(
    listener: aws.lb.Listener, priority: int, action: dict[str, Any], name: str, **match: Any
) -> None:
    aws.lb.ListenerRule(
        name,
        listener_arn=listener.arn,
        priority=priority,
        conditions=[{key: {"values": values}} for key, values in match.items()],
        actions=[action],
    )


@innocent(engine=True)
def hosts_of_two_services() -> None:
    """Unknown hosts get a 404, which is what a shared balancer should say."""
    shared = entrance()
    shop = shared.service("shop", 8080)
    blog = shared.service("blog", 9000)
    listener = bricks.http(shared.front, NOT_FOUND)
    rule(listener, 10, bricks.forward(shop), "to-shop", host_header=["shop.example.com"])
    rule(listener, 20, bricks.forward(blog), "to-blog", host_header=["blog.example.com"])


@innocent()
def paths_of_two_services() -> None:
    shared = entrance()
    pages = shared.service("pages", 8080)
    api = shared.service("api", 9000)
    listener = bricks.http(shared.front, bricks.forward(pages))
    rule(listener, 10, bricks.forward(api), "to-api", path_pattern=["/api", "/api/*"])


@innocent(engine=True)
def canary_by_weight() -> None:
    """Ten of a hundred requests go to the next version, which has a fleet of its own."""
    shared = entrance()
    stable = shared.service("stable", 8080)
    canary = shared.service("canary", 8080)
    bricks.http(
        shared.front,
        {
            "type": "forward",
            "forward": {
                "target_groups": [
                    {"arn": stable.arn, "weight": 90},
                    {"arn": canary.arn, "weight": 10},
                ]
            },
        },
    )


@innocent(
    may_ask="Which of two new target groups has the weight 0 is known when they exist.", engine=True
)
def blue_and_green() -> None:
    """Green is empty until the next release, and gets no request: its weight is 0."""
    shared = entrance()
    blue = shared.service("blue", 8080)
    green = shared.service("green", 8080, min_size=0, desired_capacity=0)
    bricks.http(
        shared.front,
        {
            "type": "forward",
            "forward": {
                "target_groups": [
                    {"arn": blue.arn, "weight": 100},
                    {"arn": green.arn, "weight": 0},
                ]
            },
        },
    )


@innocent()
def answers_of_the_balancer_itself() -> None:
    """Some paths are answered at the entrance: the ping of a monitor, and what nobody may see."""
    site = bricks.network()
    listener = bricks.web(site).listener
    fixed = {"content_type": "text/plain", "message_body": "pong", "status_code": "200"}
    rule(
        listener,
        1,
        {"type": "fixed-response", "fixed_response": fixed},
        "ping",
        path_pattern=["/ping"],
    )
    refused = {"content_type": "text/plain", "message_body": "no", "status_code": "403"}
    rule(
        listener,
        2,
        {"type": "fixed-response", "fixed_response": refused},
        "no-admin",
        path_pattern=["/admin*", "*.php"],
    )


@innocent(may_ask="Whether the page was left on is not in the program.")
def a_maintenance_page_for_one_host() -> None:
    """The page is for a host that is only used to look at it."""
    shared = entrance()
    shop = shared.service("shop", 8080)
    listener = bricks.http(shared.front, bricks.forward(shop))
    page = {"content_type": "text/html", "message_body": "Back soon", "status_code": "503"}
    rule(
        listener,
        5,
        {"type": "fixed-response", "fixed_response": page},
        "page",
        host_header=["maintenance.example.com"],
    )


@innocent()
def other_names_redirect() -> None:
    shared = entrance(80, 443)
    shop = shared.service("shop", 8080)
    listener = bricks.https(shared.front, bricks.forward(shop))
    bricks.http(shared.front, bricks.TO_HTTPS)
    rule(
        listener,
        1,
        {"type": "redirect", "redirect": {"host": "www.example.com", "status_code": "HTTP_301"}},
        "apex",
        host_header=["example.com"],
    )


@innocent(engine=True)
def only_through_cloudfront() -> None:
    """Two locks: CloudFront's address ranges, and a header that only its distribution sends.

    ELB does not forward what lacks the header (CloudFront developer guide, "Restrict access to
    Application Load Balancers").
    """
    site = bricks.network()
    edge = aws.ec2.get_managed_prefix_list(name="com.amazonaws.global.cloudfront.origin-facing")
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_ids": [edge.id]}
        ],
        egress=[bricks.ANY],
    )
    shared = Entrance(site, outside, bricks.balancer(site.public_ids(), outside))
    shop = shared.service("shop", 8080)
    refused = {"content_type": "text/plain", "message_body": "no", "status_code": "403"}
    listener = bricks.https(shared.front, {"type": "fixed-response", "fixed_response": refused})
    aws.lb.ListenerRule(
        "from-edge",
        listener_arn=listener.arn,
        priority=1,
        conditions=[
            {"http_header": {"http_header_name": "X-Origin-Verify", "values": ["a-long-word"]}}
        ],
        actions=[bricks.forward(shop)],
    )


@innocent()
def signed_in_first() -> None:
    """Visitors sign in at the balancer before they reach the application."""
    shared = entrance(443)
    shop = shared.service("shop", 8080)
    pool = aws.cognito.UserPool("people")
    client = aws.cognito.UserPoolClient(
        "site",
        user_pool_id=pool.id,
        generate_secret=True,
        callback_urls=["https://shop.example.com/oauth2/idpresponse"],
        allowed_oauth_flows=["code"],
        allowed_oauth_scopes=["openid", "email"],
        allowed_oauth_flows_user_pool_client=True,
    )
    domain = aws.cognito.UserPoolDomain("names", domain="shop-people", user_pool_id=pool.id)
    bricks.https(
        shared.front,
        {
            "type": "authenticate-cognito",
            "order": 1,
            "authenticate_cognito": {
                "user_pool_arn": pool.arn,
                "user_pool_client_id": client.id,
                "user_pool_domain": domain.domain,
            },
        },
        {**bricks.forward(shop), "order": 2},
    )
