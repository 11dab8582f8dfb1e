"""What makes the HA stack one: fleet, load balancer, delivery."""


def test_the_group_spans_three_public_subnets_in_three_zones(ha):
    group = ha.one("aws:autoscaling/group:Group")
    subnets = [ha.resources[u] for u in group.property_dependencies["vpcZoneIdentifiers"]]
    assert len({subnet.inputs["availabilityZone"] for subnet in subnets}) == 3
    assert all(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)


def test_the_group_asks_the_load_balancer_who_is_healthy(ha):
    group = ha.one("aws:autoscaling/group:Group")
    target_group = ha.one("aws:lb/targetGroup:TargetGroup")
    assert group.inputs["healthCheckType"] == "ELB"
    assert group.inputs["healthCheckGracePeriod"] == 600
    assert group.property_dependencies["targetGroupArns"] == (target_group.urn,)


def test_the_group_never_waits_for_healthy_targets(ha):
    inputs = ha.one("aws:autoscaling/group:Group").inputs
    assert inputs["waitForCapacityTimeout"] == "15m"
    assert not {"minElbCapacity", "waitForElbCapacity"} & set(inputs)


def test_the_group_keeps_capacity_while_it_replaces(ha):
    inputs = ha.one("aws:autoscaling/group:Group").inputs
    assert inputs["instanceMaintenancePolicy"] == {
        "minHealthyPercentage": 100,
        "maxHealthyPercentage": 200,
    }
    assert inputs["defaultInstanceWarmup"] > 0


def test_scaling_decisions_survive_the_next_up(ha):
    group = ha.one("aws:autoscaling/group:Group")
    assert group.ignore_changes == ("desiredCapacity",)
    sizes = {key: group.inputs[key] for key in ("minSize", "desiredCapacity", "maxSize")}
    assert sizes == {"minSize": 6, "desiredCapacity": 6, "maxSize": 9}


def test_the_launch_template_is_pinned_to_a_number(ha):
    group = ha.one("aws:autoscaling/group:Group")
    assert group.inputs["launchTemplate"] == {"id": "web-fleet-template-id", "version": "7"}


def test_target_tracking_counts_requests_per_target(ha):
    policy = ha.one("aws:autoscaling/policy:Policy").inputs
    assert policy["policyType"] == "TargetTrackingScaling"
    tracking = policy["targetTrackingConfiguration"]
    metric = tracking["predefinedMetricSpecification"]
    assert metric["predefinedMetricType"] == "ALBRequestCountPerTarget"
    assert metric["resourceLabel"] == (
        "app/web-balancer-alb/50dc6c495c0c9188/"
        "targetgroup/web-balancer-targets-1234567/73e2d6bc24d8a067"
    )
    assert tracking["targetValue"] == 3000


def test_the_health_check_is_the_contracts(ha):
    target_group = ha.one("aws:lb/targetGroup:TargetGroup").inputs
    check = target_group["healthCheck"]
    assert (check["protocol"], check["path"], check["matcher"]) == ("HTTP", "/health", "200")
    assert (check["interval"], check["timeout"]) == (5, 2)
    assert (check["healthyThreshold"], check["unhealthyThreshold"]) == (2, 2)
    assert target_group["targetType"] == "instance"
    assert target_group["deregistrationDelay"] == 10
    assert target_group["loadBalancingAlgorithmType"] == "least_outstanding_requests"
    assert "name" not in target_group


def test_the_load_balancer_faces_the_world_in_every_zone(ha):
    balancer = ha.one("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["internal"] is False
    assert balancer.inputs["dropInvalidHeaderFields"] is True
    assert len(balancer.property_dependencies["subnets"]) == 3
    listener = ha.one("aws:lb/listener:Listener").inputs
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")


def test_names_leave_room_for_awss_32_characters(ha):
    for kind in ("aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"):
        assert len(ha.one(kind).name) + len("-1234567") <= 32


def test_deployments_take_each_instance_out_of_traffic(ha):
    group = ha.one("aws:codedeploy/deploymentGroup:DeploymentGroup")
    assert group.inputs["deploymentStyle"] == {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    }
    assert group.inputs["autoscalingGroups"] == ["web-fleet-group-1234567"]
    assert group.inputs["loadBalancerInfo"] == {
        "targetGroupInfos": [{"name": "web-balancer-targets-1234567"}]
    }
    assert group.inputs["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    assert not {"ec2TagFilters", "blueGreenDeploymentConfig"} & set(group.inputs)


def test_failed_deployments_roll_back_in_both_stacks(either):
    group = either.one("aws:codedeploy/deploymentGroup:DeploymentGroup").inputs
    assert group["autoRollbackConfiguration"]["enabled"] is True
    assert "DEPLOYMENT_FAILURE" in group["autoRollbackConfiguration"]["events"]
    assert group["outdatedInstancesStrategy"] == "UPDATE"


def test_codedeploys_role_may_act_before_the_deployment_group_is_made(either):
    group = either.one("aws:codedeploy/deploymentGroup:DeploymentGroup")
    attachment = next(
        r
        for r in either.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if r.inputs["policyArn"].endswith("AWSCodeDeployRole")
    )
    assert attachment.urn in group.dependencies


def test_instances_boot_only_once_they_have_routes_and_permissions(either):
    kinds = ("aws:ec2/instance:Instance", "aws:autoscaling/group:Group")
    (launcher,) = [r for kind in kinds for r in either.of(kind)]
    needed = [
        either.one("aws:ec2/route:Route"),
        *either.of("aws:iam/rolePolicy:RolePolicy"),
        *(
            r
            for r in either.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
            if "public" in r.name
        ),
    ]
    assert {r.urn for r in needed} <= set(launcher.dependencies)


def test_the_baseline_is_found_by_its_tag_and_has_no_traffic_control(single):
    group = single.one("aws:codedeploy/deploymentGroup:DeploymentGroup").inputs
    instance = single.one("aws:ec2/instance:Instance").inputs
    (tag_filter,) = group["ec2TagFilters"]
    assert tag_filter["type"] == "KEY_AND_VALUE"
    assert instance["tags"][tag_filter["key"]] == tag_filter["value"]
    assert group["deploymentStyle"]["deploymentOption"] == "WITHOUT_TRAFFIC_CONTROL"
    assert not {"autoscalingGroups", "loadBalancerInfo"} & set(group)


def test_a_new_image_does_not_replace_the_baselines_server(single):
    instance = single.one("aws:ec2/instance:Instance")
    assert instance.ignore_changes == ("ami",)
    assert instance.inputs["userDataReplaceOnChange"] is True


def test_the_baseline_is_reached_directly(single):
    assert single.outputs()["url"] == "http://203.0.113.10:8080"
    assert single.outputs()["availabilityZones"] == ["ap-northeast-2a"]


def test_another_listener_port_is_part_of_the_url(build):
    assert build("ha", listenerPort="8081").outputs()["url"].endswith(".com:8081")


def test_credits_are_the_same_explicit_mode_in_both_stacks(single, ha):
    instance = single.one("aws:ec2/instance:Instance").inputs
    template = ha.one("aws:ec2/launchTemplate:LaunchTemplate").inputs
    assert instance["creditSpecification"] == {"cpuCredits": "standard"}
    assert template["creditSpecification"] == instance["creditSpecification"]


def test_types_without_credits_are_asked_for_none(build):
    template = build("ha", instanceType="m7g.medium").one("aws:ec2/launchTemplate:LaunchTemplate")
    assert "creditSpecification" not in template.inputs


def test_both_stacks_have_the_same_database(single, ha):
    def without_names(recording):
        inputs = recording.one("aws:rds/instance:Instance").inputs
        return {key: value for key, value in inputs.items() if key != "tags"}

    assert without_names(single) == without_names(ha)
