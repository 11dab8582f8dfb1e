"""What breaks the rules about load balancer, target groups and TLS."""

import pulumi_aws as aws

from .registry import breaks


@breaks("elbv2-multi-az")
def no_load_balancer(p):
    p.drop("balancer", "listener", "plain")


@breaks("elbv2-multi-az")
def balancer_in_one_zone(p):
    p["balancer"].set(subnets=lambda r: [r["subnet-1"].id])


@breaks("elbv2-multi-az")
def balancer_mapped_to_one_zone(p):
    p["balancer"].set(subnets=..., subnet_mappings=lambda r: [{"subnet_id": r["subnet-0"].id}])


@breaks("tg-health-check-defined")
def no_health_check(p):
    p["targets"].set(health_check=...)


@breaks("tg-health-check-defined")
def tcp_health_check(p):
    p["targets"].set(health_check={"protocol": "TCP"})


@breaks("tg-health-check-defined")
def health_check_without_a_path(p):
    p["targets"].set(health_check={"protocol": "HTTP"})


@breaks("tg-health-check-defined")
def disabled_health_check(p):
    p["targets"].set(health_check={"enabled": False, "protocol": "HTTP", "path": "/"})


@breaks("tg-health-check-defined")
def second_target_group_without_a_check(p):
    p.add("spare", aws.alb.TargetGroup, lambda r: {"vpc_id": r["vpc"].id})


@breaks("tg-health-check-defined")
def no_target_group(p):
    p.drop("targets", "listener", "plain")
    p["fleet"].set(target_group_arns=...)
    p["deployment"].set(load_balancer_info=...)


@breaks("alb-drop-invalid-headers")
def malformed_headers_pass(p):
    p["balancer"].set(drop_invalid_header_fields=False)


@breaks("alb-desync-mode")
def ambiguous_requests_pass(p):
    p["balancer"].set(desync_mitigation_mode="monitor")


@breaks("elb-deletion-protection")
def balancer_not_protected(p):
    p["balancer"].set(enable_deletion_protection=...)


@breaks("elb-access-logs")
def no_access_logs(p):
    p["balancer"].set(access_logs=...)


@breaks("elb-tls-listener")
def no_tls_at_all(p):
    p.drop("plain")
    p["listener"].set(port=80, protocol="HTTP", certificate_arn=..., ssl_policy=...)


@breaks("alb-http-to-https")
def http_answers_itself(p):
    p["plain"].set(
        default_actions=lambda r: [{"type": "forward", "target_group_arn": r["targets"].arn}]
    )


@breaks("alb-http-to-https")
def certificate_without_https(p):
    p.add(
        "certificate",
        aws.acm.Certificate,
        lambda r: {"domain_name": "example.com", "validation_method": "DNS"},
    )
    p.drop("plain")
    p["listener"].set(port=80, protocol="HTTP", certificate_arn=..., ssl_policy=...)


@breaks("alb-http-to-https")
def rule_that_forwards_http(p):
    p.add(
        "path",
        aws.lb.ListenerRule,
        lambda r: {
            "listener_arn": r["plain"].arn,
            "conditions": [{"path_pattern": {"values": ["/api/*"]}}],
            "actions": [{"type": "forward", "target_group_arn": r["targets"].arn}],
        },
    )


@breaks("elb-tls-policy")
def old_tls(p):
    p["listener"].set(ssl_policy="ELBSecurityPolicy-2016-08")


@breaks("elb-tls-policy")
def tls_policy_left_to_the_default(p):
    p["listener"].set(ssl_policy=...)
