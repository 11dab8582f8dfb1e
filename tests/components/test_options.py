"""What each option of a stack adds, and that it adds nothing else."""

import json
from collections import Counter

import pytest

from tests.components.options import CERTIFICATE, DOMAIN, OPTIONS, ZONE
from tests.components.recording import ACCOUNT, REGION
from tests.components.test_resource_graph import EXPECTED

ZONES = [f"{REGION}{letter}" for letter in "acd"]
PAIRS = [(name, stack) for name, option in OPTIONS.items() for stack in option.stacks]


@pytest.fixture
def built(build):
    """The HA stack with one of the options."""

    def run(name, stack="ha", **more):
        return build(stack, **OPTIONS[name].config, **more)

    return run


@pytest.mark.parametrize(("name", "stack"), PAIRS)
def test_an_option_adds_exactly_this(built, name, stack):
    assert built(name, stack).counts() == Counter(EXPECTED[stack]) + Counter(OPTIONS[name].adds)


@pytest.mark.parametrize(("name", "stack"), PAIRS)
def test_a_preview_of_an_option_knows_its_shape(built, name, stack):
    recording = built(name, stack, preview=True)
    assert recording.counts() == Counter(EXPECTED[stack]) + Counter(OPTIONS[name].adds)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_renames_and_drops_nothing_of_the_plain_stack(built, ha, name):
    assert set(ha.resources) <= set(built(name).resources)


@pytest.mark.parametrize("name", OPTIONS)
def test_children_are_complete_named_after_their_parent_and_tagged(built, name):
    recording = built(name)
    names = {r.urn: r.name for r in recording.resources.values()}
    for resource in recording.resources.values():
        assert resource.name.startswith(names.get(resource.parent, ""))
    for component in recording.components():
        assert component.urn in recording.registered_outputs
    tagged = {
        "aws:ec2/eip:Eip",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/flowLog:FlowLog",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:acm/certificate:Certificate",
        "aws:s3/bucket:Bucket",
        "aws:lb/listener:Listener",
    }
    for kind in tagged:
        assert all(r.inputs["tags"]["Project"] == "haproof" for r in recording.of(kind)), kind


# --- network -------------------------------------------------------------------------------------


def test_instances_live_in_private_subnets_one_per_zone(built):
    recording = built("nat")
    group = recording.one("aws:autoscaling/group:Group")
    subnets = [recording.resources[u] for u in group.property_dependencies["vpcZoneIdentifiers"]]
    assert sorted(subnet.inputs["availabilityZone"] for subnet in subnets) == ZONES
    assert all("-private-" in subnet.name for subnet in subnets)
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer")
    public = [recording.resources[u] for u in balancer.property_dependencies["subnets"]]
    assert all("-public-" in subnet.name for subnet in public)


def test_no_subnet_gives_public_addresses_where_instances_are_private(built):
    for subnet in built("nat").of("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False


def test_each_zone_goes_out_through_its_own_gateway(built):
    recording = built("nat")
    subnets = {s.name + "-id": s for s in recording.of("aws:ec2/subnet:Subnet")}
    gateways = {g.name + "-id": g for g in recording.of("aws:ec2/natGateway:NatGateway")}
    tables = {
        a.inputs["routeTableId"]: subnets[a.inputs["subnetId"]]
        for a in recording.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if "-private-" in a.name
    }
    ways = [r for r in recording.of("aws:ec2/route:Route") if "natGatewayId" in r.inputs]
    assert len(ways) == len(tables) == 3
    for route in ways:
        assert route.inputs["destinationCidrBlock"] == "0.0.0.0/0"
        gateway = gateways[route.inputs["natGatewayId"]]
        stands = subnets[gateway.inputs["subnetId"]]
        goes = tables[route.inputs["routeTableId"]]
        assert "-public-" in stands.name
        assert stands.inputs["availabilityZone"] == goes.inputs["availabilityZone"]
        assert gateway.inputs["allocationId"] == f"{gateway.name}-allocation"


def test_gateways_wait_for_the_way_to_the_internet(built):
    recording = built("nat")
    internet = next(r for r in recording.of("aws:ec2/route:Route") if "gatewayId" in r.inputs)
    for kind in ("aws:ec2/eip:Eip", "aws:ec2/natGateway:NatGateway"):
        assert all(internet.urn in r.dependencies for r in recording.of(kind))


def test_instances_wait_for_their_gateways_routes(built):
    recording = built("nat")
    group = recording.one("aws:autoscaling/group:Group")
    ways = [r for r in recording.of("aws:ec2/route:Route") if "natGatewayId" in r.inputs]
    assert {r.urn for r in ways} <= set(group.dependencies)


def test_s3_is_reached_without_the_gateways(built):
    recording = built("nat")
    tables = set(recording.one("aws:ec2/vpcEndpoint:VpcEndpoint").inputs["routeTableIds"])
    routed = {r.inputs["routeTableId"] for r in recording.of("aws:ec2/route:Route")}
    assert tables == routed
    assert len(tables) == 4


def test_private_subnets_move_no_other_subnet(built, ha):
    def blocks(recording):
        return {s.name: s.inputs["cidrBlock"] for s in recording.of("aws:ec2/subnet:Subnet")}

    assert blocks(ha).items() <= blocks(built("nat")).items()


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_flow_logs_go_to_a_group_with_a_retention_by_a_role_for_them_only(built, stack):
    recording = built("flow logs", stack)
    log = recording.one("aws:ec2/flowLog:FlowLog")
    group = recording.called("web-network-flows-records")
    assert log.inputs["trafficType"] == "ALL"
    assert log.property_dependencies["logDestination"] == (group.urn,)
    assert group.inputs["retentionInDays"] == 30
    (trusting,) = [
        json.loads(r.inputs["assumeRolePolicy"])["Statement"][0]
        for r in recording.of("aws:iam/role:Role")
        if r.name == "web-network-flows-role"
    ]
    assert trusting["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trusting["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    (grant,) = [r for r in recording.of("aws:iam/rolePolicy:RolePolicy") if "-flows-" in r.name]
    assert grant.urn in log.dependencies
    for statement in json.loads(grant.inputs["policy"])["Statement"]:
        assert statement["Resource"] != "*"
        assert "logs:CreateLogGroup" not in statement["Action"]


# --- load balancer -------------------------------------------------------------------------------


def listeners(recording):
    found = recording.of("aws:lb/listener:Listener")
    return {listener.inputs["port"]: listener.inputs for listener in found}


@pytest.mark.parametrize(
    ("name", "certificate"),
    [
        ("given certificate", CERTIFICATE),
        ("given certificate and zone", CERTIFICATE),
        ("new certificate", f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/new"),
    ],
)
def test_https_serves_and_http_leads_there(built, name, certificate):
    recording = built(name)
    https, http = listeners(recording)[443], listeners(recording)[80]
    assert https["protocol"] == "HTTPS"
    assert https["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert https["certificateArn"] == certificate
    assert [action["type"] for action in https["defaultActions"]] == ["forward"]
    (action,) = http["defaultActions"]
    assert action["type"] == "redirect"
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    assert recording.outputs()["url"] == f"https://{DOMAIN}"


def test_the_world_reaches_the_balancer_on_both_ports_and_nothing_else(built):
    recording = built("given certificate")
    open_ports = {
        rule.inputs["fromPort"]: rule.inputs["securityGroupId"]
        for rule in recording.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"
    }
    assert open_ports == dict.fromkeys((80, 443), "web-security-balancer-id")


def test_a_new_certificate_is_proven_before_the_listener_uses_it(built):
    recording = built("new certificate")
    certificate = recording.one("aws:acm/certificate:Certificate")
    assert certificate.inputs["domainName"] == DOMAIN
    assert certificate.inputs["validationMethod"] == "DNS"
    proof = recording.called("web-tls-proof")
    assert proof.inputs["name"] == f"_proof.{DOMAIN}."
    assert (proof.inputs["type"], proof.inputs["zoneId"]) == ("CNAME", ZONE)
    assert proof.inputs["records"] == ["_value.acm-validations.aws."]
    issued = recording.one("aws:acm/certificateValidation:CertificateValidation")
    assert proof.urn in issued.property_dependencies["validationRecordFqdns"]
    https = recording.called("web-balancer-https")
    assert issued.urn in https.property_dependencies["certificateArn"]


@pytest.mark.parametrize("name", ["new certificate", "given certificate and zone"])
def test_the_domain_is_another_name_of_the_load_balancer(built, name):
    alias = built(name).called("web-alias-a")
    assert (alias.inputs["name"], alias.inputs["type"]) == (DOMAIN, "A")
    (target,) = alias.inputs["aliases"]
    assert target["name"].startswith("web-balancer-alb-123.")
    assert target["zoneId"] == "ZWKZPGTI48KDX"
    assert target["evaluateTargetHealth"] is True


def test_a_domain_elsewhere_is_told_where_to_point(built):
    outputs = built("given certificate").outputs()
    assert outputs["loadBalancerDnsName"] == f"web-balancer-alb-123.{REGION}.elb.amazonaws.com"


def test_another_http_port_still_leads_to_https(built):
    found = listeners(built("given certificate", listenerPort="8080"))
    assert found[8080]["defaultActions"][0]["type"] == "redirect"
    assert set(found) == {443, 8080}


def test_a_certificate_of_another_region_stops_before_any_resource(build):
    abroad = CERTIFICATE.replace(REGION, "us-east-1")
    with pytest.raises(Exception, match=r"certificateArn.*us-east-1.*the stack is in ap-north"):
        build("ha", domainName=DOMAIN, certificateArn=abroad)


def test_the_balancer_says_how_it_treats_odd_requests_and_zones(ha):
    inputs = ha.one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["enableZonalShift"] is True
    assert "accessLogs" not in inputs


def test_access_logs_go_to_a_bucket_that_takes_nothing_else(built):
    recording = built("access logs")
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["accessLogs"] == {
        "bucket": "web-access-logs-bucket-id",
        "enabled": True,
    }
    policy = recording.called("web-access-logs-tls")
    assert policy.urn in balancer.dependencies
    deliver, refuse = json.loads(policy.inputs["policy"])["Statement"]
    assert deliver["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert deliver["Action"] == "s3:PutObject"
    bucket = "arn:aws:s3:::web-access-logs-bucket-1234567"
    assert deliver["Resource"] == f"{bucket}/AWSLogs/{ACCOUNT}/*"
    assert refuse["Effect"] == "Deny"
    encryption = recording.called("web-access-logs-encryption").inputs["rules"]
    assert encryption == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]


def test_access_logs_expire_and_revisions_do_not(built):
    recording = built("access logs")
    logs = recording.called("web-access-logs-lifecycle").inputs["rules"]
    assert {rule["expiration"]["days"] for rule in logs if "expiration" in rule} == {90}
    revisions = recording.called("web-revision-lifecycle").inputs["rules"]
    assert not [rule for rule in revisions if "xpiration" in json.dumps(rule)]


def test_protect_keeps_the_access_logs(built):
    recording = built("access logs", protect="true")
    assert recording.called("web-access-logs-bucket").inputs["forceDestroy"] is False


# --- fleet ---------------------------------------------------------------------------------------


def test_further_types_are_launched_on_demand_in_their_order(built):
    group = built("further types").one("aws:autoscaling/group:Group").inputs
    assert not {"launchTemplate", "capacityRebalance"} & set(group)
    policy = group["mixedInstancesPolicy"]
    assert policy["launchTemplate"]["launchTemplateSpecification"] == {
        "launchTemplateId": "web-fleet-template-id",
        "version": "7",
    }
    types = [item["instanceType"] for item in policy["launchTemplate"]["overrides"]]
    assert types == ["t4g.nano", "t4g.micro"]
    assert policy["instancesDistribution"] == {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": 3,
        "onDemandPercentageAboveBaseCapacity": 100,
        "spotAllocationStrategy": "price-capacity-optimized",
    }


def test_spot_keeps_one_instance_per_zone_on_demand_and_is_rebalanced(built):
    group = built("spot").one("aws:autoscaling/group:Group").inputs
    distribution = group["mixedInstancesPolicy"]["instancesDistribution"]
    assert distribution["onDemandBaseCapacity"] == 3
    assert distribution["onDemandPercentageAboveBaseCapacity"] == 50
    assert group["capacityRebalance"] is True


def test_one_type_needs_no_policy_of_mixed_instances(ha):
    group = ha.one("aws:autoscaling/group:Group").inputs
    assert not {"mixedInstancesPolicy", "capacityRebalance"} & set(group)
