"""Pulumi type tokens of the resources that the rules look at.

`pulumi_aws` registers a load balancing resource under several modules
(`aws.lb.LoadBalancer` is `aws:lb/…`, `aws.alb.LoadBalancer` is `aws:alb/…`); all of them count.
"""

from __future__ import annotations

STACK = ("pulumi:pulumi:Stack",)
"""The stack itself, whose properties are what it exports."""
HIGHLY_AVAILABLE_SERVICE = "haproof:service:HighlyAvailableService"
SINGLE_INSTANCE_SERVICE = "haproof:service:SingleInstanceService"

_BALANCING_MODULES = ("lb", "alb", "applicationloadbalancing", "elasticloadbalancingv2")


def _balancing(resource: str) -> tuple[str, ...]:
    member = resource[0].lower() + resource[1:]
    return tuple(f"aws:{module}/{member}:{resource}" for module in _BALANCING_MODULES)


LOAD_BALANCER = _balancing("LoadBalancer")
CLASSIC_BALANCER = ("aws:elb/loadBalancer:LoadBalancer",)
LATTICE_SERVICE = ("aws:vpclattice/service:Service",)
TARGET_GROUP = _balancing("TargetGroup")
LISTENER = _balancing("Listener")
LISTENER_RULE = _balancing("ListenerRule")
TARGET_GROUP_ATTACHMENT = _balancing("TargetGroupAttachment")
BALANCER_FRONT = (
    "aws:apigatewayv2/vpcLink:VpcLink",
    "aws:apigateway/vpcLink:VpcLink",
    "aws:cloudfront/vpcOrigin:VpcOrigin",
    "aws:globalaccelerator/endpointGroup:EndpointGroup",
    "aws:ec2/vpcEndpointService:VpcEndpointService",
)
"""What passes requests on to an internal load balancer."""

AUTO_SCALING_GROUP = ("aws:autoscaling/group:Group",)
AUTO_SCALING_ATTACHMENT = ("aws:autoscaling/attachment:Attachment",)
TRAFFIC_SOURCE_ATTACHMENT = ("aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment",)
SCALING_POLICY = ("aws:autoscaling/policy:Policy",)
SCHEDULE = ("aws:autoscaling/schedule:Schedule",)
LIFECYCLE_HOOK = ("aws:autoscaling/lifecycleHook:LifecycleHook",)
EVENT_RULE = ("aws:cloudwatch/eventRule:EventRule",)
SCALING_PLAN = ("aws:autoscalingplans/scalingPlan:ScalingPlan",)
PLACEMENT_GROUP = ("aws:ec2/placementGroup:PlacementGroup",)

VPC = ("aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc")
DHCP_OPTIONS = ("aws:ec2/vpcDhcpOptions:VpcDhcpOptions",)
DHCP_OPTIONS_ASSOCIATION = ("aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",)
ROUTE_TABLE = (
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/defaultRouteTable:DefaultRouteTable",
)
ROUTE = ("aws:ec2/route:Route",)
ROUTE_TABLE_ASSOCIATION = ("aws:ec2/routeTableAssociation:RouteTableAssociation",)
MAIN_ROUTE_TABLE_ASSOCIATION = ("aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",)
INTERNET_GATEWAY = ("aws:ec2/internetGateway:InternetGateway",)
INTERNET_GATEWAY_ATTACHMENT = ("aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",)
PEERING = ("aws:ec2/vpcPeeringConnection:VpcPeeringConnection",)
PEERING_ACCEPTER = ("aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",)
NAT_GATEWAY = ("aws:ec2/natGateway:NatGateway",)
VPC_RANGE = ("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",)
ELASTIC_IP = ("aws:ec2/eip:Eip",)
WEB_ACL = ("aws:wafv2/webAcl:WebAcl",)
ADDRESS_SET = ("aws:wafv2/ipSet:IpSet",)
WEB_ACL_ASSOCIATION = ("aws:wafv2/webAclAssociation:WebAclAssociation",)
VPC_ENDPOINT = ("aws:ec2/vpcEndpoint:VpcEndpoint",)
VPC_ENDPOINT_NAMES = ("aws:vpc/endpointPrivateDns:EndpointPrivateDns",)
VPC_ENDPOINT_GROUP = ("aws:ec2/securityGroupAssociation:SecurityGroupAssociation",)
VPC_ENDPOINT_SUBNET = ("aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation",)
PRIVATE_ZONE = ("aws:route53/zone:Zone",)
VPC_ENDPOINT_ROUTES = ("aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",)
NETWORK_ACL = (
    "aws:ec2/networkAcl:NetworkAcl",
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl",
)
NETWORK_ACL_RULE = ("aws:ec2/networkAclRule:NetworkAclRule",)
NETWORK_ACL_ASSOCIATION = ("aws:ec2/networkAclAssociation:NetworkAclAssociation",)
SUBNET = ("aws:ec2/subnet:Subnet", "aws:ec2/defaultSubnet:DefaultSubnet")
LAUNCH_CONFIGURATION = ("aws:ec2/launchConfiguration:LaunchConfiguration",)
LAUNCH_TEMPLATE = ("aws:ec2/launchTemplate:LaunchTemplate",)
INSTANCE = ("aws:ec2/instance:Instance",)
VOLUME = ("aws:ebs/volume:Volume",)
SECURITY_GROUP = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
)
INGRESS_RULE = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",)
EGRESS_RULE = ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",)
PREFIX_LIST = ("aws:ec2/managedPrefixList:ManagedPrefixList",)
PREFIX_LIST_ENTRY = ("aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",)
SECURITY_GROUP_RULE = ("aws:ec2/securityGroupRule:SecurityGroupRule",)

DEPLOYMENT_GROUP = ("aws:codedeploy/deploymentGroup:DeploymentGroup",)
DEPLOYMENT_CONFIG = ("aws:codedeploy/deploymentConfig:DeploymentConfig",)

APPLICATION = ("aws:codedeploy/application:Application",)

DATABASE = ("aws:rds/instance:Instance",)

BUCKET = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
BUCKET_OBJECT = ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
BUCKET_VERSIONING = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
BUCKET_PUBLIC_ACCESS_BLOCK = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
BUCKET_POLICY = ("aws:s3/bucketPolicy:BucketPolicy",)
BUCKET_LIFECYCLE = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)

CERTIFICATE_VALIDATION = ("aws:acm/certificateValidation:CertificateValidation",)
CERTIFICATE = ("aws:acm/certificate:Certificate",)

INSTANCE_PROFILE = ("aws:iam/instanceProfile:InstanceProfile",)
ROLE = ("aws:iam/role:Role",)
ROLE_POLICY = ("aws:iam/rolePolicy:RolePolicy",)
ROLE_POLICY_ATTACHMENT = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment",)
POLICY_ATTACHMENT = ("aws:iam/policyAttachment:PolicyAttachment",)
ROLE_POLICY_ATTACHMENTS_EXCLUSIVE = (
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
)
MANAGED_POLICY = ("aws:iam/policy:Policy",)
BUCKET_ACL = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
BUCKET_OWNERSHIP = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
SCHEDULED_CALL = ("aws:scheduler/schedule:Schedule",)
BUDGET_ACTION = ("aws:budgets/budgetAction:BudgetAction",)
HEALTH_CHECK = ("aws:route53/healthCheck:HealthCheck",)
DISTRIBUTION = ("aws:cloudfront/distribution:Distribution",)
HTTP_LINK = ("aws:apigatewayv2/vpcLink:VpcLink",)
HTTP_API = ("aws:apigatewayv2/api:Api",)
HTTP_ROUTE = ("aws:apigatewayv2/route:Route",)
HTTP_STAGE = ("aws:apigatewayv2/stage:Stage",)
HTTP_INTEGRATION = ("aws:apigatewayv2/integration:Integration",)
API_MAPPING = (
    "aws:apigatewayv2/apiMapping:ApiMapping",
    "aws:apigateway/basePathMapping:BasePathMapping",
)
REST_API = ("aws:apigateway/restApi:RestApi",)
REST_RESOURCE = ("aws:apigateway/resource:Resource",)
REST_METHOD = ("aws:apigateway/method:Method",)
REST_INTEGRATION = ("aws:apigateway/integration:Integration",)
REST_DEPLOYMENT = ("aws:apigateway/deployment:Deployment",)
REST_STAGE = ("aws:apigateway/stage:Stage",)
REPOSITORY = ("aws:ecr/repository:Repository",)
REPOSITORY_LIFECYCLE = ("aws:ecr/lifecyclePolicy:LifecyclePolicy",)
TRANSIT_ATTACHMENT = ("aws:ec2transitgateway/vpcAttachment:VpcAttachment",)
TRANSIT_TABLE = ("aws:ec2transitgateway/routeTable:RouteTable",)
TRANSIT_TABLE_ASSOCIATION = ("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation",)
TRANSIT_ROUTE = ("aws:ec2transitgateway/route:Route",)
WAREHOUSE = ("aws:redshift/cluster:Cluster",)
STREAM_CLUSTER = ("aws:msk/cluster:Cluster",)
TABLE_CACHE = ("aws:dax/cluster:Cluster",)
API_DOMAIN = ("aws:apigatewayv2/domainName:DomainName", "aws:apigateway/domainName:DomainName")

KMS_KEY = ("aws:kms/key:Key",)
EXTERNAL_KEY = ("aws:kms/externalKey:ExternalKey", "aws:kms/replicaExternalKey:ReplicaExternalKey")
"""Keys whose material is imported."""
KMS_KEY_POLICY = ("aws:kms/keyPolicy:KeyPolicy",)
KMS_ALIAS = ("aws:kms/alias:Alias",)
KMS_GRANT = ("aws:kms/grant:Grant",)
LAYER_PERMISSION = ("aws:lambda/layerVersionPermission:LayerVersionPermission",)
IMAGE_PERMISSION = ("aws:ec2/amiLaunchPermission:AmiLaunchPermission",)
DATABASE_SNAPSHOT = ("aws:rds/snapshot:Snapshot", "aws:rds/clusterSnapshot:ClusterSnapshot")
ACCELERATOR_GROUP = ("aws:globalaccelerator/endpointGroup:EndpointGroup",)
ACCELERATOR = ("aws:globalaccelerator/accelerator:Accelerator",)
ACCELERATOR_LISTENER = ("aws:globalaccelerator/listener:Listener",)
FUNCTION_URL = ("aws:lambda/functionUrl:FunctionUrl",)
HEADERS_POLICY = ("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",)
LISTENER_CERTIFICATE = (
    "aws:lb/listenerCertificate:ListenerCertificate",
    "aws:alb/listenerCertificate:ListenerCertificate",
)
CAPACITY_PROVIDER = ("aws:ecs/capacityProvider:CapacityProvider",)
CONTAINER_CLUSTER = ("aws:ecs/cluster:Cluster",)
CLUSTER_PROVIDERS = ("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",)
SCALABLE_TARGET = ("aws:appautoscaling/target:Target",)
SCHEDULED_SCALING = ("aws:appautoscaling/scheduledAction:ScheduledAction",)
KUBERNETES_CLUSTER = ("aws:eks/cluster:Cluster",)
CONTAINER_SERVICE = ("aws:ecs/service:Service",)
LAMBDA_FUNCTION = ("aws:lambda/function:Function",)
LAMBDA_ALIAS = ("aws:lambda/alias:Alias",)
EVENT_SOURCE = ("aws:lambda/eventSourceMapping:EventSourceMapping",)
LAMBDA_PERMISSION = ("aws:lambda/permission:Permission",)

METRIC_ALARM = ("aws:cloudwatch/metricAlarm:MetricAlarm",)
COMPOSITE_ALARM = ("aws:cloudwatch/compositeAlarm:CompositeAlarm",)
ALARM = (*METRIC_ALARM, *COMPOSITE_ALARM)


# --- data stores ----------------------------------------------------------------------------------

DATABASE_CLUSTER = (
    "aws:rds/cluster:Cluster",
    "aws:docdb/cluster:Cluster",
    "aws:neptune/cluster:Cluster",
)
CLUSTER_INSTANCE = (
    "aws:rds/clusterInstance:ClusterInstance",
    "aws:docdb/clusterInstance:ClusterInstance",
    "aws:neptune/clusterInstance:ClusterInstance",
)
SUBNET_GROUP = ("aws:rds/subnetGroup:SubnetGroup",)
PARAMETER_GROUP = ("aws:rds/parameterGroup:ParameterGroup",)
CLUSTER_PARAMETER_GROUP = ("aws:rds/clusterParameterGroup:ClusterParameterGroup",)
DOCUMENT_PARAMETERS = ("aws:docdb/clusterParameterGroup:ClusterParameterGroup",)
CACHE_GROUP = ("aws:elasticache/replicationGroup:ReplicationGroup",)
CACHE_SUBNET_GROUP = ("aws:elasticache/subnetGroup:SubnetGroup",)
DATABASE_PROXY = ("aws:rds/proxy:Proxy",)
PROXY_TARGET = ("aws:rds/proxyTarget:ProxyTarget",)
CACHE_CLUSTER = ("aws:elasticache/cluster:Cluster",)
FILE_SYSTEM = ("aws:efs/fileSystem:FileSystem",)
MOUNT_TARGET = ("aws:efs/mountTarget:MountTarget",)
FILE_SYSTEM_BACKUP = ("aws:efs/backupPolicy:BackupPolicy",)
BACKUP_PLAN = ("aws:backup/plan:Plan",)
BACKUP_SELECTION = ("aws:backup/selection:Selection",)
SEARCH_DOMAIN = ("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain")
MESSAGE_BROKER = ("aws:mq/broker:Broker",)
MEMORY_CLUSTER = ("aws:memorydb/cluster:Cluster",)
TABLE = ("aws:dynamodb/table:Table",)
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup",)
ENCRYPTION_BY_DEFAULT = ("aws:ebs/encryptionByDefault:EncryptionByDefault",)

# --- what may hold a credential -------------------------------------------------------------------

PROVIDER = ("pulumi:providers:aws",)
SSM_SERVICE_SETTING = ("aws:ssm/serviceSetting:ServiceSetting",)
SSM_PARAMETER = ("aws:ssm/parameter:Parameter",)
SECRET = ("aws:secretsmanager/secret:Secret",)
TASK_DEFINITION = ("aws:ecs/taskDefinition:TaskDefinition",)
BATCH_JOB = ("aws:batch/jobDefinition:JobDefinition",)
EXTRACT_JOB = ("aws:glue/job:Job",)
RUN_COMMAND = ("aws:ssm/association:Association",)
RUNBOOK = ("aws:ssm/document:Document",)
BUILD_PROJECT = ("aws:codebuild/project:Project",)
BEANSTALK_ENVIRONMENT = ("aws:elasticbeanstalk/environment:Environment",)
APP_RUNNER_SERVICE = ("aws:apprunner/service:Service",)
APP_RUNNER_SIZES = (
    "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion",
)
SITES = ("aws:amplify/app:App", "aws:amplify/branch:Branch")
TEMPLATE_STACK = ("aws:cloudformation/stack:Stack",)
REPLICATION_ENDPOINT = ("aws:dms/endpoint:Endpoint",)
RANDOM_PASSWORD = ("random:index/randomPassword:RandomPassword",)
ACCESS_KEY = ("aws:iam/accessKey:AccessKey",)
PRIVATE_KEY = ("tls:index/privateKey:PrivateKey",)
SECRET_ROTATION = ("aws:secretsmanager/secretRotation:SecretRotation",)
USER_POLICY = ("aws:iam/userPolicy:UserPolicy",)
GROUP_POLICY = ("aws:iam/groupPolicy:GroupPolicy",)
USER_POLICY_ATTACHMENT = ("aws:iam/userPolicyAttachment:UserPolicyAttachment",)
GROUP_POLICY_ATTACHMENT = ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment",)
BUCKET_NOTIFICATION = ("aws:s3/bucketNotification:BucketNotification",)
LOG_SUBSCRIPTION = ("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",)
STATE_MACHINE = ("aws:sfn/stateMachine:StateMachine",)
PIPELINE = ("aws:codepipeline/pipeline:Pipeline",)
FLOW_LOG = ("aws:ec2/flowLog:FlowLog",)
DELIVERY_STREAM = ("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",)
API_ACCOUNT = ("aws:apigateway/account:Account",)
SNAPSHOT_LIFECYCLE = ("aws:dlm/lifecyclePolicy:LifecyclePolicy",)
NODE_GROUP = ("aws:eks/nodeGroup:NodeGroup",)
HOSTED_CONFIGURATION = ("aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion",)
DATABASE_EVENTS = ("aws:rds/eventSubscription:EventSubscription",)
TOPIC = ("aws:sns/topic:Topic",)
QUEUE = ("aws:sqs/queue:Queue",)
QUEUE_REDRIVE = ("aws:sqs/redrivePolicy:RedrivePolicy",)
QUEUE_POLICY = ("aws:sqs/queuePolicy:QueuePolicy",)
EVENT_TARGET = ("aws:cloudwatch/eventTarget:EventTarget",)
TOPIC_POLICY = ("aws:sns/topicPolicy:TopicPolicy",)
TOPIC_SUBSCRIPTION = ("aws:sns/topicSubscription:TopicSubscription",)
CHAT = (
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
    "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration",
)
FIREWALL_RULES = ("aws:wafv2/ruleGroup:RuleGroup",)
DNS_RECORD = ("aws:route53/record:Record",)
NETWORK_INTERFACE = ("aws:ec2/networkInterface:NetworkInterface",)
DEFAULT_SECURITY_GROUP = ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",)
