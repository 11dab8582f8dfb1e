"""Stores on the network of a component: WordPress with its files, Kafka, OpenSearch, own servers."""

from __future__ import annotations

import base64

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.components import LISTS, Vpc, sg


@innocent(may_ask=LISTS)
def wordpress_with_efs_and_redis() -> None:
    vpc = Vpc("wp")
    door = sg("alb", vpc.vpc_id, (443, "0.0.0.0/0"))
    app = sg("app", vpc.vpc_id, (80, door))
    alb = bricks.balancer(vpc.public_subnet_ids, door)
    tg = bricks.targets(
        vpc.vpc_id,
        "web",
        port=80,
        stickiness={"enabled": True, "type": "lb_cookie", "cookie_duration": 3600},
    )
    bricks.https(alb, bricks.forward(tg))
    fsg = sg("nfs", vpc.vpc_id, (2049, app))
    rsg = sg("redis", vpc.vpc_id, (6379, app))
    fs = aws.efs.FileSystem("wp-files", encrypted=True, throughput_mode="elastic")
    for i in range(3):
        aws.efs.MountTarget(
            f"mt-{i}",
            file_system_id=fs.id,
            subnet_id=vpc.private_subnet_ids[i],
            security_groups=[fsg.id],
        )
    aws.efs.BackupPolicy("bk", file_system_id=fs.id, backup_policy={"status": "ENABLED"})
    aws.elasticache.ReplicationGroup(
        "sess",
        description="s",
        engine="valkey",
        engine_version="8.0",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        subnet_group_name=aws.elasticache.SubnetGroup("rs", subnet_ids=vpc.private_subnet_ids).name,
        security_group_ids=[rsg.id],
        snapshot_retention_limit=5,
    )
    boot = fs.id.apply(
        lambda i: base64.b64encode(
            f"#!/bin/sh\nmount -t efs -o tls {i}:/ /var/www/html\n".encode()
        ).decode()
    )
    g = bricks.fleet(
        vpc.private_subnet_ids,
        bricks.template(app, bricks.profile(), user_data=boot),
        tg,
        min_size=3,
        max_size=6,
        desired_capacity=3,
    )
    bricks.delivery(alb, tg, g)


@innocent()
def kafka_over_three_zones() -> None:
    vpc = Vpc("kk")
    app = aws.ec2.SecurityGroup("app", vpc_id=vpc.vpc_id, egress=[bricks.ANY])
    g = sg("kafka", vpc.vpc_id, (9098, app))
    cfg = aws.msk.Configuration(
        "cfg",
        name="events",
        kafka_versions=["3.8.x"],
        server_properties="auto.create.topics.enable=false\ndefault.replication.factor=3\nmin.insync.replicas=2\nunclean.leader.election.enable=false\n",
    )
    aws.msk.Cluster(
        "events",
        cluster_name="events",
        kafka_version="3.8.x",
        number_of_broker_nodes=3,
        configuration_info={"arn": cfg.arn, "revision": cfg.latest_revision},
        broker_node_group_info={
            "client_subnets": vpc.private_subnet_ids,
            "instance_type": "kafka.m7g.large",
            "security_groups": [g.id],
            "storage_info": {"ebs_storage_info": {"volume_size": 500}},
        },
        encryption_info={"encryption_in_transit": {"client_broker": "TLS", "in_cluster": True}},
        client_authentication={"sasl": {"iam": True}},
    )


@innocent()
def search_over_three_zones() -> None:
    vpc = Vpc("os")
    app = aws.ec2.SecurityGroup("app", vpc_id=vpc.vpc_id, egress=[bricks.ANY])
    g = sg("search", vpc.vpc_id, (443, app))
    aws.opensearch.Domain(
        "logs",
        domain_name="logs",
        engine_version="OpenSearch_2.19",
        cluster_config={
            "instance_type": "r7g.large.search",
            "instance_count": 3,
            "zone_awareness_enabled": True,
            "zone_awareness_config": {"availability_zone_count": 3},
            "dedicated_master_enabled": True,
            "dedicated_master_count": 3,
            "dedicated_master_type": "m7g.large.search",
        },
        ebs_options={"ebs_enabled": True, "volume_type": "gp3", "volume_size": 200},
        vpc_options={"subnet_ids": vpc.private_subnet_ids, "security_group_ids": [g.id]},
        encrypt_at_rest={"enabled": True},
        node_to_node_encryption={"enabled": True},
        domain_endpoint_options={
            "enforce_https": True,
            "tls_security_policy": "Policy-Min-TLS-1-2-PFS-2023-10",
        },
    )


@innocent()
def instance_store_db_on_ec2_with_replicas() -> None:
    """Somebody runs three servers of etcd, one a zone, without a group."""
    site = bricks.network(bricks.ZONES)
    g = aws.ec2.SecurityGroup("etcd-members", vpc_id=site.vpc.id, egress=[bricks.ANY])
    aws.vpc.SecurityGroupIngressRule(
        "peer",
        security_group_id=g.id,
        ip_protocol="tcp",
        from_port=2379,
        to_port=2380,
        referenced_security_group_id=g.id,
    )
    who = bricks.profile("etcd", bricks.SSM)
    z = aws.route53.Zone("inner", name="corp.internal", vpcs=[{"vpc_id": site.vpc.id}])
    hosts = [
        aws.ec2.Instance(
            f"etcd-{i}",
            ami=bricks.IMAGE,
            instance_type="m7g.medium",
            subnet_id=s,
            vpc_security_group_ids=[g.id],
            iam_instance_profile=who.name,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True},
            disable_api_termination=True,
        )
        for i, s in enumerate(site.private_ids())
    ]
    aws.route53.Record(
        "etcd",
        zone_id=z.zone_id,
        name="etcd.corp.internal",
        type="A",
        ttl=30,
        records=[h.private_ip for h in hosts],
    )
