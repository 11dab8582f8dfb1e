"""An `aws` provider that keeps nothing: it echoes inputs and leaves computed outputs open.

In a preview a real provider answers with the inputs and, for each output that only the cloud can
tell, an unknown. That is all that a policy pack sees, so it is all that this one does. Attached by
`PULUMI_DEBUG_PROVIDERS=aws:PORT`; real `pulumi_aws` programs run against it.
"""

# The method names are those of the gRPC service.
# ruff: noqa: N802
import itertools
import json
from concurrent import futures

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# Outputs that the AWS provider computes, also optional inputs that it fills in (TF: Computed).
COMPUTED = {
    "aws:autoscaling/group:Group": (
        "arn",
        "name",
        "availabilityZones",
        "vpcZoneIdentifiers",
        "healthCheckType",
        "targetGroupArns",
        "loadBalancers",
        "trafficSources",
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        "arn",
        "name",
        "arnSuffix",
        "dnsName",
        "zoneId",
        "subnets",
        "subnetMappings",
    ),
    "aws:lb/targetGroup:TargetGroup": ("arn", "name", "arnSuffix", "healthCheck"),
    "aws:lb/listener:Listener": ("arn",),
    "aws:iam/role:Role": ("arn", "name", "inlinePolicies", "managedPolicyArns"),
    "aws:iam/instanceProfile:InstanceProfile": ("arn", "name"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("arn", "name"),
    "aws:ec2/vpc:Vpc": ("arn", "defaultSecurityGroupId"),
    "aws:ec2/subnet:Subnet": ("arn", "availabilityZone", "availabilityZoneId"),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        "arn",
        "latestVersion",
        "metadataOptions",
        "name",
    ),
    "aws:ec2/securityGroup:SecurityGroup": ("arn", "name", "ingress", "egress"),
    "aws:ec2/instance:Instance": ("arn", "privateIp", "publicIp", "metadataOptions"),
    "aws:rds/instance:Instance": ("arn", "address", "endpoint", "masterUserSecrets", "multiAz"),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": ("arn", "blueGreenDeploymentConfig"),
    "aws:codedeploy/application:Application": ("arn", "applicationId"),
    "aws:s3/bucket:Bucket": ("arn", "bucket", "versioning"),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("arn", "versionId", "etag"),
}

ZONES = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"]
INVOKES = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "id": "ap-northeast-2",
        "names": ZONES,
        "zoneIds": ["apne2-az1", "apne2-az2", "apne2-az3"],
        "groupNames": ["ap-northeast-2"],
    },
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
        "id": "ap-northeast-2",
        "instanceTypes": ["t4g.nano"] * 3,
        "locations": ZONES,
        "locationTypes": ["availability-zone"] * 3,
    },
    "aws:index/getRegion:getRegion": {"id": "ap-northeast-2", "region": "ap-northeast-2"},
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": "123456789012",
        "arn": "arn:aws:iam::123456789012:user/test",
        "id": "123456789012",
        "userId": "test",
    },
    "aws:ssm/getParameter:getParameter": {
        "arn": "arn:aws:ssm:ap-northeast-2::parameter/ami",
        "id": "ami",
        "value": "ami-0123456789abcdef0",
        "insecureValue": "ami-0123456789abcdef0",
        "type": "String",
        "version": 1,
    },
}


def _struct(values):
    return json_format.ParseDict(values, struct_pb2.Struct())


class EchoProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves on a loopback port of its own from construction to `stop`."""

    def __init__(self):
        self._serial = itertools.count(1)
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self):
        self._server.stop(0)

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(accept_resources=True, accept_outputs=True)

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="7.51.1")

    def GetSchema(self, request, context):
        return provider_pb2.GetSchemaResponse(schema="{}")

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def Cancel(self, request, context):
        return empty_pb2.Empty()

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, acceptResources=True, acceptOutputs=False
        )

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        same = request.old_inputs == request.news
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else "DIFF_SOME"
        return provider_pb2.DiffResponse(changes=changes)

    def Create(self, request, context):
        token = request.urn.split("::")[2].split("$")[-1]
        computed = COMPUTED.get(token, ("arn",))
        outputs = json_format.MessageToDict(request.properties)
        if request.preview:
            outputs = {**dict.fromkeys(computed, UNKNOWN), **outputs}
            return provider_pb2.CreateResponse(properties=_struct(outputs))
        identity = f"{token.rsplit(':', 1)[-1].lower()}-{next(self._serial):04d}"
        told = {name: f"{identity}/{name}" for name in computed if name in {"arn", "name"}}
        outputs = {**told, "id": identity, **outputs}
        return provider_pb2.CreateResponse(id=identity, properties=_struct(outputs))

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request, context):
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties)

    def Invoke(self, request, context):
        answer = INVOKES.get(request.tok)
        if answer is None:
            arguments = json.dumps(json_format.MessageToDict(request.args))
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok} {arguments}")
        return provider_pb2.InvokeResponse(**{"return": _struct(answer)})
