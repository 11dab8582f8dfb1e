"""A load balancer with instances behind it that answer as a test asks them to."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections import Counter
from typing import Any

from tests.conformance.cloud import Cloud, Network

PORT = 8080
PROGRAM = """
import http.server, json, os, threading, time
state = {"health": 200, "delay": 0.0, "checks": [], "requests": 0, "connections": 0, "host": ""}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 600
    def setup(self):
        super().setup()
        self.counted = False
    def answer(self, status, body=b"", length=None, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        agent = self.headers.get("User-Agent", "")
        path, _, query = self.path.partition("?")
        words = path.strip("/").split("/")
        if agent.startswith("ELB-HealthChecker"):
            state["checks"].append([time.time(), dict(self.headers), self.client_address[0]])
            time.sleep(state["delay"])
            return self.answer(state["health"], b"checked")
        if not self.counted:
            self.counted = True
            state["connections"] += 1
        state["requests"] += 1
        if words[0] == "state":
            return self.answer(200, json.dumps(state).encode())
        if words[0] == "set":
            state["health"], state["delay"] = int(words[1]), float(words[2])
            return self.answer(200)
        if words[0] == "sleep":
            time.sleep(float(words[1]))
        if words[0] == "status":
            return self.answer(int(words[1]), b"own page")
        if words[0] == "hangup":
            self.close_connection = True
            return
        if words[0] == "short":
            self.answer(200, b"abc", 1000)
            return time.sleep(60)
        if words[0] == "headers":
            many = [("H%d" % n, "x" * 8000) for n in range(5)]
            return self.answer(200, b"", headers=many)
        if words[0] == "cookie":
            return self.answer(200, NAME.encode(), headers=[("Set-Cookie", "session=1")])
        told = {"name": NAME, "path": self.path, "headers": self.headers.items()}
        self.answer(200, json.dumps(told).encode())
    do_POST = do_PUT = do_TRACE = do_GET
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
NAME = os.environ["NAME"]
Server(("0.0.0.0", 8080), Handler).serve_forever()
"""
USER_DATA = """#cloud-config
write_files:
  - path: /srv/web.py
    content: |
{program}
  - path: /etc/systemd/system/web.service
    content: |
      [Service]
      WorkingDirectory=/srv
      Environment=NAME={name}
      ExecStart=/usr/bin/env python3 /srv/web.py
      [Install]
      WantedBy=multi-user.target
runcmd:
  - systemctl enable --now web
"""


class Answer:
    """What came back: status, headers in lower case, all cookies, and the body."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes, seconds: float):
        self.status, self.body, self.seconds = status, body, seconds
        self.headers = {name.lower(): value for name, value in headers}
        self.cookies = [value for name, value in headers if name.lower() == "set-cookie"]

    @property
    def told(self) -> dict[str, Any]:
        """What the instance says about the request."""
        return json.loads(self.body)

    def sent(self, name: str) -> list[str]:
        """The values of a header as the instance received it."""
        return [value for key, value in self.told["headers"] if key.lower() == name.lower()]


class Web:
    """One load balancer in three zones with its instances, one target group and one listener.

    Attributes:
        balancer: The ARN of the load balancer.
        group: The ARN of the target group.
        listener: The ARN of the listener.
        instances: The ids of the instances, one per zone unless told otherwise.
    """

    def __init__(
        self, cloud: Cloud, network: Network, zones: tuple[int, ...] = (0, 1, 2), nodes: int = 3
    ) -> None:
        self.cloud, self.network = cloud, network
        self.security_group = self._open(PORT)
        self.instances = [self.launch(zone) for zone in zones]
        self.balancer, self.dns = self.make_balancer(network.subnets[:nodes])
        self.group = self.make_group()
        self.listener = self.listen(self.group)
        cloud.ec2.get_waiter("instance_running").wait(
            InstanceIds=self.instances, WaiterConfig={"Delay": 1}
        )
        self.register(*self.instances)

    def _open(self, port: int) -> str:
        """Return a security group that opens one port to everybody."""
        ec2 = self.cloud.ec2
        made = ec2.create_security_group(
            GroupName=self.cloud.name("port"), Description="port", VpcId=self.network.vpc
        )["GroupId"]
        self.cloud.afterwards(ec2.delete_security_group, GroupId=made)
        anybody = [{"CidrIp": "0.0.0.0/0"}]
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": anybody}
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
        return made

    def launch(self, zone: int = 0) -> str:
        """Launch an instance in a zone; its program answers with its name."""
        name = self.cloud.name("web")
        lines = "\n".join(f"      {line}" for line in PROGRAM.strip().splitlines())
        found = self.cloud.ec2.run_instances(
            ImageId=self.network.image,
            InstanceType="t4g.nano",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.network.subnets[zone],
            SecurityGroupIds=[self.network.group, self.security_group],
            UserData=USER_DATA.format(program=lines, name=name),
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}
            ],
        )["Instances"][0]["InstanceId"]
        self.cloud.afterwards(self.cloud.ec2.terminate_instances, InstanceIds=[found])
        return found

    def make_balancer(self, subnets: list[str]) -> tuple[str, str]:
        """Create a load balancer; returns its ARN and its name."""
        made = self.cloud.elbv2.create_load_balancer(
            Name=self.cloud.name("lb"), Subnets=subnets, SecurityGroups=[self.network.group]
        )["LoadBalancers"][0]
        self.cloud.afterwards(
            self.cloud.elbv2.delete_load_balancer, LoadBalancerArn=made["LoadBalancerArn"]
        )
        return made["LoadBalancerArn"], made["DNSName"]

    def make_group(self, **settings: Any) -> str:
        """Create a target group of instances with fast health checks."""
        wanted = {
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
        }
        elb = self.cloud.elbv2
        made = elb.create_target_group(
            Name=self.cloud.name("tg"),
            Protocol="HTTP",
            Port=PORT,
            VpcId=self.network.vpc,
            **(wanted | settings),
        )["TargetGroups"][0]["TargetGroupArn"]
        self.cloud.afterwards(elb.delete_target_group, TargetGroupArn=made)
        return made

    def listen(self, group: str, port: int = 80) -> str:
        """Create a listener that forwards to a group."""
        return self.cloud.elbv2.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]

    def register(self, *instances: str, group: str = "") -> None:
        """Register instances."""
        self.cloud.elbv2.register_targets(
            TargetGroupArn=group or self.group, Targets=[{"Id": name} for name in instances]
        )

    def deregister(self, *instances: str) -> None:
        """Deregister instances."""
        self.cloud.elbv2.deregister_targets(
            TargetGroupArn=self.group, Targets=[{"Id": name} for name in instances]
        )

    def set(self, **attributes: object) -> None:
        """Set attributes of the target group; a double underscore stands for a dot."""
        self.cloud.elbv2.modify_target_group_attributes(
            TargetGroupArn=self.group,
            Attributes=[
                {"Key": key.replace("__", "."), "Value": str(value)}
                for key, value in attributes.items()
            ],
        )

    def configure(self, **attributes: object) -> None:
        """Set attributes of the load balancer, and wait until they must have arrived."""
        self.cloud.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=self.balancer,
            Attributes=[
                {"Key": key.replace("__", "."), "Value": str(value)}
                for key, value in attributes.items()
            ],
        )
        self.settle()

    def settle(self) -> None:
        """Wait until a change has arrived in the load balancer."""
        time.sleep(1.5 if not self.cloud.is_aws else 30.0)

    def health(self, group: str = "") -> dict[str, dict[str, Any]]:
        """Return what DescribeTargetHealth says, by instance."""
        found = self.cloud.elbv2.describe_target_health(TargetGroupArn=group or self.group)
        return {item["Target"]["Id"]: item for item in found["TargetHealthDescriptions"]}

    def states(self, group: str = "") -> dict[str, str]:
        """Return the state of each target."""
        return {name: item["TargetHealth"]["State"] for name, item in self.health(group).items()}

    def healthy(self, *instances: str, group: str = "") -> None:
        """Wait until these instances, by default all, are healthy."""
        wanted = instances or tuple(self.instances)
        self.cloud.until(
            lambda: all(self.states(group).get(name) == "healthy" for name in wanted),
            within=180,
            what=f"{wanted} healthy",
        )

    def address(self, instance: str) -> str:
        """Return the public address of an instance."""
        found = self.cloud.ec2.describe_instances(InstanceIds=[instance])
        return found["Reservations"][0]["Instances"][0]["PublicIpAddress"]

    def name_of(self, instance: str) -> str:
        """Return the name that an instance answers with."""
        found = self.cloud.ec2.describe_instances(InstanceIds=[instance])
        tags = found["Reservations"][0]["Instances"][0]["Tags"]
        return next(tag["Value"] for tag in tags if tag["Key"] == "Name")

    def ask(self, instance: str, path: str) -> Answer:
        """Ask an instance itself, past the load balancer."""
        return request(self.address(instance), path, port=PORT)

    def get(self, path: str = "/", **how: Any) -> Answer:
        """Send a request on a connection of its own through the load balancer."""
        return request(self.dns, path, **how)

    def spread(self, count: int, path: str = "/") -> Counter[str]:
        """Return how often each instance answered; errors count by status."""
        answers = [self.get(path) for _ in range(count)]
        return Counter(
            answer.told["name"] if answer.status == 200 else str(answer.status)
            for answer in answers
        )


def request(
    host: str,
    path: str = "/",
    *,
    port: int = 80,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    timeout: float = 30.0,
) -> Answer:
    """Send a request on a connection of its own."""
    started = time.monotonic()
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        return Answer(answer.status, answer.getheaders(), body, time.monotonic() - started)
    finally:
        connection.close()


def raw(host: str, text: bytes, port: int = 80, timeout: float = 30.0) -> bytes:
    """Send bytes and return the first that come back."""
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(text)
        return connection.recv(65536)
