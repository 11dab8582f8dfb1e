"""What Elastic Load Balancing refuses about entrances."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.web_acl import before
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "elbv2-accepted"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
FORWARD = {"type": "forward", "targetGroupArn": Ref("target-group", "arn"), "order": 2.0}
SIGN_IN = {"type": "authenticate-oidc", "order": 1.0, "authenticateOidc": {"issuer": "https://x"}}
CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/" + "1" * 36


def rule(listener="https", **changes):
    properties = {
        "listenerArn": Ref(listener, "arn"),
        "priority": 10.0,
        "conditions": [{"pathPattern": {"values": ["/api/*"]}}],
        "actions": [FORWARD],
        **changes,
    }
    return lambda draft: draft.add("rule", "aws:lb/listenerRule:ListenerRule", properties)


def network(protocol, theirs, **more):
    """A network load balancer with a listener and a target group of its own."""

    def change(draft):
        draft.add("nlb", BALANCER, {"loadBalancerType": "network", "internal": True})
        targets = {"vpcId": Ref("vpc"), "port": 5000.0, "protocol": theirs, **more}
        draft.add("nlb-targets", TARGETS, targets)
        forward = {"type": "forward", "targetGroupArn": Ref("nlb-targets", "arn")}
        draft.add(
            "nlb-listener",
            LISTENER,
            {
                "loadBalancerArn": Ref("nlb", "arn"),
                "port": 5000.0,
                "protocol": protocol,
                "certificateArn": CERTIFICATE if protocol == "TLS" else None,
                "defaultActions": [forward],
            },
        )

    return change


def before_the_balancer(port):
    """A target group whose target is the stack's load balancer."""

    def change(draft):
        network("TCP", "TCP", targetType="alb", port=port)(draft)
        draft.add(
            "attachment",
            "aws:lb/targetGroupAttachment:TargetGroupAttachment",
            {
                "targetGroupArn": Ref("nlb-targets", "arn"),
                "targetId": Ref("load-balancer", "arn"),
            },
        )

    return change


def certified(**properties):
    """The listener has a new certificate."""

    def change(draft):
        given = {"domainName": "www.example.com", **properties}
        draft.add("certificate", "aws:acm/certificate:Certificate", given)
        return draft.set("https", "certificateArn", Ref("certificate", "arn"))

    return change


def waited_for(draft):
    certified(validationMethod="DNS")(draft)
    kind = "aws:acm/certificateValidation:CertificateValidation"
    draft.add("issued", kind, {"certificateArn": Ref("certificate", "arn")})


def named(kind, *names):
    def change(draft):
        for number, name in enumerate(names):
            draft.add(f"further-{number}", kind, {"name": name})

    return change


def logged(statement=None):
    """Access logs go to a bucket of the stack, with a policy of that statement."""

    def change(draft):
        draft.add("logs", "aws:s3/bucket:Bucket", {})
        if statement is not None:
            policy = {"bucket": Ref("logs", "id"), "policy": {"Statement": [statement]}}
            draft.add("logs-policy", "aws:s3/bucketPolicy:BucketPolicy", policy)
        taken = {"enabled": True, "bucket": Ref("logs", "bucket")}
        return draft.set("load-balancer", "accessLogs", taken)

    return change


READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}
DELIVER = {
    **READ,
    "Action": "s3:PutObject",
    "Principal": {"Service": "delivery.logs.amazonaws.com"},
}


def internal_without_ipv4(draft):
    draft.set("load-balancer", "internal", True)
    draft.set("load-balancer", "ipAddressType", "dualstack-without-public-ipv4")


def outside(draft):
    """A target of an address that the VPC does not have, in no zone."""
    draft.add(
        "legacy",
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        {"targetGroupArn": Ref("target-group", "arn"), "targetId": "192.168.7.7"},
    )


REFUSED = {
    RULE: [
        internal_without_ipv4,
        outside,
        logged(),
        logged(READ),
        lambda d: d.set("https", "defaultActions", [SIGN_IN]),
        rule(actions=[SIGN_IN]),
        rule("http", actions=[SIGN_IN, FORWARD]),
        lambda d: d.set("http", "defaultActions", [SIGN_IN, FORWARD]),
        rule(conditions=[]),
        lambda d: d.set("https", "certificateArn", CERTIFICATE.format("us-east-1")),
        certified(),
        network("UDP", "TCP"),
        network("TLS", "UDP"),
        before_the_balancer(8080.0),
        named(TARGETS, "web", "web"),
        lambda d: before(d, defaultAction={"allow": {}}, scope="CLOUDFRONT"),
    ]
}

SOUND = {
    RULE: [
        logged(DELIVER),
        logged(UNKNOWN),
        lambda d: d.set("https", "defaultActions", [SIGN_IN, FORWARD]),
        lambda d: d.set("https", "defaultActions", UNKNOWN),
        rule(),
        rule(conditions=UNKNOWN),
        lambda d: d.set("https", "certificateArn", CERTIFICATE.format("ap-northeast-2")),
        certified(privateKey="-----BEGIN"),
        certified(certificateAuthorityArn="arn:aws:acm-pca:x:1:certificate-authority/1"),
        waited_for,
        network("UDP", "TCP_UDP"),
        network("TLS", "TCP"),
        before_the_balancer(443.0),
        named(TARGETS, "web", "api"),
        lambda d: before(d, defaultAction={"allow": {}}),
    ]
}
