"""Observability: alarms, the topic that they notify, a dashboard and a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam_documents
from components.base import Component
from components.observability import alarms, dashboard
from components.observability.alarms import AlarmSpec
from components.tags import Tags

ACTUAL_PERCENT, FORECAST_PERCENT = 80, 100
"""Thresholds of budget notifications: spent so far, and forecast for the end of the month."""


@dataclass(frozen=True, kw_only=True)
class WatchedGroup:
    """An Auto Scaling group behind a load balancer.

    Attributes:
        group_name: The Auto Scaling group's name.
        load_balancer: The ARN suffix of the load balancer, as CloudWatch's dimension.
        target_group: The ARN suffix of the target group, as CloudWatch's dimension.
    """

    group_name: pulumi.Input[str]
    load_balancer: pulumi.Input[str]
    target_group: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class WatchedInstance:
    """One instance without a load balancer."""

    instance_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """Arguments of `Observability`.

    Attributes:
        watched: The instances to watch.
        credits: The instances' credit mode; None for types without credits.
        database_identifier: The DB instance's identifier.
        database_class: The DB instance's class.
        region: The stack's Region.
        account: The id of the stack's account.
        dashboard_name: The dashboard's name, unique in the account and Region.
        email: Address to subscribe to the alarms; None for no subscription.
        monthly_budget: US dollars a month; 0 for no budget.
        tags: Tags of every resource.
    """

    watched: WatchedGroup | WatchedInstance
    credits: str | None
    database_identifier: pulumi.Input[str]
    database_class: str
    region: str
    account: str
    dashboard_name: str
    email: str | None
    monthly_budget: int
    tags: Tags


class Observability(Component):
    """Alarms on what visitors notice and on what runs out, sent through an encrypted topic."""

    topic_arn: pulumi.Output[str]
    stop_alarm_names: tuple[pulumi.Output[str], ...]
    """Alarms that may stop a deployment; empty if there is no metric of the service's responses."""

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "monitoring:Observability",
            name,
            {"email": args.email is not None, "monthlyBudget": args.monthly_budget},
            opts,
        )
        self._name = name
        self._args = args
        self.topic_arn = self._topic()
        specs = _specs(args)
        created = [self._alarm(spec) for spec in specs]
        self.stop_alarm_names = tuple(
            alarm.name for spec, alarm in zip(specs, created, strict=True) if spec.stops_deployments
        )
        self._dashboard(specs, [alarm.arn for alarm in created])
        if args.monthly_budget:
            self._budget()
        self.register({"topicArn": self.topic_arn})

    def _topic(self) -> pulumi.Output[str]:
        """Create the topic; return its ARN, known once CloudWatch and Budgets may publish to it."""
        args = self._args
        # A customer managed key: CloudWatch and Budgets cannot be given access to the AWS managed
        # one (alias/aws/sns), and their messages to such a topic are lost without an error (SNS
        # developer guide, "Enable compatibility between event sources from AWS services and
        # encrypted topics").
        key = aws.kms.Key(
            f"{self._name}-key",
            description=f"Alarms of {args.dashboard_name}",
            policy=iam_documents.alarm_key(account=args.account, region=args.region),
            enable_key_rotation=True,  # Security Hub KMS.4
            deletion_window_in_days=7,
            tags=dict(args.tags),
            opts=self.child(),
        )
        topic = aws.sns.Topic(
            f"{self._name}-alarms",
            kms_master_key_id=key.arn,
            tags=dict(args.tags),
            opts=self.child(),
        )
        policy = aws.sns.TopicPolicy(
            f"{self._name}-alarms",
            arn=topic.arn,
            policy=topic.arn.apply(
                lambda arn: iam_documents.alarm_topic(topic_arn=arn, account=args.account)
            ),
            opts=self.child(),
        )
        if args.email:
            # Pending until the owner of the address follows the link in SNS's message.
            aws.sns.TopicSubscription(
                f"{self._name}-email",
                topic=topic.arn,
                protocol="email",
                endpoint=args.email,
                opts=self.child(),
            )
        return pulumi.Output.all(topic.arn, policy.id).apply(_first)

    def _alarm(self, spec: AlarmSpec) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{spec.key}",
            alarm_description=spec.description,
            namespace=spec.namespace,
            metric_name=spec.metric,
            dimensions=dict(spec.dimensions),
            statistic=None if spec.percentile else spec.statistic,
            extended_statistic=spec.statistic if spec.percentile else None,
            # With few requests a percentile is a single request: keep the alarm's state then.
            evaluate_low_sample_count_percentiles="ignore" if spec.percentile else None,
            comparison_operator=spec.comparison,
            threshold=float(spec.threshold),
            period=spec.period,
            evaluation_periods=spec.periods,
            datapoints_to_alarm=spec.breaches,
            treat_missing_data=spec.missing,
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            tags=dict(self._args.tags),
            opts=self.child(),
        )

    def _dashboard(self, specs: Sequence[AlarmSpec], arns: Sequence[pulumi.Output[str]]) -> None:
        region = self._args.region

        def render(resolved: Sequence[Any]) -> Any:
            alarm_arns, dimensions = resolved
            graphs = dashboard.group_into_graphs(zip(specs, dimensions, strict=True))
            return dashboard.render_body(region, alarm_arns, graphs)

        body = pulumi.Output.all(
            pulumi.Output.all(*arns),
            pulumi.Output.all(*(dict(spec.dimensions) for spec in specs)),
        ).apply(render)
        aws.cloudwatch.Dashboard(
            f"{self._name}-dashboard",
            dashboard_name=self._args.dashboard_name,
            dashboard_body=pulumi.Output.json_dumps(body),
            opts=self.child(),
        )

    def _budget(self) -> None:
        """Create a budget for the whole account.

        A filter on tags would match nothing until someone activates them as cost allocation tags,
        and a budget without costs never warns.
        """
        aws.budgets.Budget(
            f"{self._name}-budget",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(self._args.monthly_budget),
            limit_unit="USD",
            notifications=[
                aws.budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=float(percent),
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[self.topic_arn],
                )
                for kind, percent in (
                    ("ACTUAL", ACTUAL_PERCENT),
                    ("FORECASTED", FORECAST_PERCENT),
                )
            ],
            tags=dict(self._args.tags),
            opts=self.child(),
        )


def _specs(args: ObservabilityArgs) -> list[AlarmSpec]:
    watched = args.watched
    if isinstance(watched, WatchedGroup):
        specs = alarms.load_balancer_alarms(watched.load_balancer, watched.target_group)
        dimensions: Mapping[str, pulumi.Input[str]] = {"AutoScalingGroupName": watched.group_name}
    else:
        specs = alarms.instance_alarms(watched.instance_id)
        dimensions = {"InstanceId": watched.instance_id}
    return [
        *specs,
        *alarms.credit_alarms(dimensions, args.credits),
        *alarms.database_alarms(args.database_identifier, args.database_class),
    ]


def _first(values: Sequence[Any]) -> Any:
    return values[0]
