"""Publishes the metrics of instances: what their machines really use, and their CPU credits.

CPU seconds of a machine are those of this computer; the calibration says how many of them are one second
of a vCPU. Every minute of AWS a sample is taken; with basic monitoring five are published together.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.network import traffic
from region.network.traffic import Traffic
from region.services.cloudwatch.metrics import Datum, publish
from region.services.ec2 import credits as cpu_credits
from region.services.ec2 import instances as ec2
from region.services.ec2 import metric_data
from region.services.ec2.credits import Credits, Earnings
from region.services.ec2.metric_data import Counters, Minute, Subject
from region.services.ec2.periods import (
    BASIC_MONITORING,
    CREDIT_METRICS,
    CREDITS_KEPT,
    STATUS_CHECK,
)
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)

SHORTEST_S = 0.5
MINUTES_TOGETHER = int(BASIC_MONITORING.seconds // STATUS_CHECK.seconds)
GROUP_TAG = "aws:autoscaling:groupName"


class Pool(Protocol):
    """The machines of the region."""

    cpu_factor: float
    """CPU seconds of this computer that are one of a vCPU, now."""

    def machines(self) -> Any:
        """Return all machines."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a sample needs to know about an instance, read under the lock."""

    subject: Subject
    running: bool
    impaired: bool
    mode: str
    account: Credits | None
    stopped_at: float


@dataclass
class _Watched:
    """What was measured of an instance and is not published yet; `used` credits in `seconds` of AWS."""

    counters: Counters | None = None
    minutes: list[Minute] = field(default_factory=list[Minute])
    used: float = 0.0
    seconds: float = 0.0


class InstanceMetricsController:
    """Samples every machine once a minute of AWS."""

    name = "instance-metrics"

    def __init__(
        self,
        plane: ControlPlane,
        pool: Pool,
        read_traffic: Callable[[], dict[str, Traffic]],
    ) -> None:
        """Measure the machines of `pool`."""
        self._plane, self._pool = plane, pool
        self._read_traffic = read_traffic
        self._minute_s = max(plane.config.seconds(STATUS_CHECK.seconds), SHORTEST_S)
        self._minute = 0
        self._watched: dict[str, _Watched] = {}
        self._machines: dict[str, Any] = {}

    def reconcile(self) -> None:
        """Take a sample if a minute has passed."""
        now = time.time()
        minute = math.floor(now / self._minute_s)
        if minute == self._minute:
            return
        self._minute = minute
        seen = self._instances()
        counters = self._counters()
        data: list[Datum] = []
        for one in seen.values():
            if not one.running:
                data += self._rest(one, now)
                continue
            watched = self._watched.setdefault(one.subject.instance_id, _Watched())
            used = counters.get(one.subject.instance_id)
            if used is not None:
                if watched.counters is not None and used.at > watched.counters.at:
                    elapsed = used.at - watched.counters.at
                    self._add(one, watched, used.since(watched.counters), elapsed)
                watched.counters = used
                self._hold(one, watched, now)
            data += self._due(one, watched)
        for name in self._watched.keys() - {key for key, one in seen.items() if one.running}:
            del self._watched[name]
            self._machines.pop(name, None)
        publish(self._plane, data)

    def close(self) -> None:
        """Do nothing: nothing runs between rounds."""

    def _instances(self) -> dict[str, _Seen]:
        with self._plane.lock:
            return {
                instance.id: _read(instance)
                for instance in self._plane.backend("ec2").all_instances()
            }

    def _counters(self) -> dict[str, Counters]:
        passed = self._read_traffic()
        found: dict[str, Counters] = {}
        for machine in self._pool.machines():
            name = machine.spec.instance_id
            through = traffic.of_instance(passed, name)
            used = machine.usage().cpu_seconds
            found[name] = Counters(
                time.time(),
                used,
                through.bytes_in,
                through.bytes_out,
                through.packets_in,
                through.packets_out,
            )
            self._machines[name] = machine
        return found

    def _add(self, one: _Seen, watched: _Watched, used: Counters, elapsed: float) -> None:
        vcpus = self._machines[one.subject.instance_id].spec.type.vcpus
        utilization = min(1.0, used.cpu_seconds / (elapsed * vcpus * self._pool.cpu_factor))
        watched.minutes.append(Minute(utilization, used))
        seconds = elapsed * self._plane.config.speed
        watched.used += cpu_credits.spent(vcpus, utilization, seconds)
        watched.seconds += seconds

    def _hold(self, one: _Seen, watched: _Watched, now: float) -> None:
        """Let a standard instance use what its credits are enough for, and any other all of its vCPUs.

        Of those that a deployment has reached only an unlimited one, and any if the region's instances
        were said to begin with credits: otherwise their credits count as spent (ADR 49).
        """
        machine, limit = self._machines[one.subject.instance_id], None
        earnings = cpu_credits.earnings_of(one.subject.instance_type)
        if earnings is not None and one.mode == cpu_credits.STANDARD:
            account = self._account(one, earnings, now)
            left = account.after(earnings, watched.used, watched.seconds, one.mode).available
            limit = cpu_credits.cores(earnings, machine.spec.type.vcpus, left)
        unlimited = earnings is not None and one.mode == cpu_credits.UNLIMITED
        played = unlimited or self._plane.config.cpu_credits is not None
        machine.hold_to(limit, also_deployed=played and earnings is not None)

    def _due(self, one: _Seen, watched: _Watched) -> list[Datum]:
        """Return what is published at the end of this minute."""
        end = self._minute * self._minute_s
        data = list(metric_data.status(one.subject, impaired=one.impaired, at=end - self._minute_s))
        together = 1 if one.subject.detailed else MINUTES_TOGETHER
        if watched.minutes and self._minute % together == 0:
            taken, watched.minutes = watched.minutes, []
            data += metric_data.usage(one.subject, taken, end - together * self._minute_s)
        if self._minute % (int(CREDIT_METRICS.seconds // STATUS_CHECK.seconds)) == 0:
            data += self._earn(one, watched, end)
        return data

    def _earn(self, one: _Seen, watched: _Watched, end: float) -> list[Datum]:
        earnings = cpu_credits.earnings_of(one.subject.instance_type)
        if earnings is None:
            return []
        account = self._account(one, earnings, end)
        used, watched.used = watched.used, 0.0
        # At a high speed a sample stands for more than a minute of AWS; of the first interval, it may
        # have run for a part.
        whole = MINUTES_TOGETHER * self._minute_s * self._plane.config.speed
        seconds, watched.seconds = watched.seconds, 0.0
        if abs(seconds - whole) < whole / MINUTES_TOGETHER:
            seconds = whole
        account = account.after(earnings, used, seconds, one.mode)
        self._keep(one, Credits(account.balance, account.launch, account.surplus))
        at = end - MINUTES_TOGETHER * self._minute_s
        return list(metric_data.credit(one.subject, account, used, one.mode, at))

    def _account(self, one: _Seen, earnings: Earnings, now: float) -> Credits:
        """Return an instance's account: a new one if it is new, or was stopped for too long."""
        saved = min(self._plane.config.cpu_credits or 0.0, earnings.most)
        # T2 in unlimited mode gets none (EC2 guide, "Launch credits").
        at_launch = earnings.at_launch if one.mode == cpu_credits.STANDARD else 0.0
        fresh = Credits(balance=saved, launch=at_launch)
        if one.account is None:
            return fresh
        kept = self._plane.config.seconds(CREDITS_KEPT.seconds)
        lost = one.subject.instance_type.startswith("t2.") or now - one.stopped_at > kept
        return fresh if one.stopped_at and lost else one.account

    def _rest(self, one: _Seen, now: float) -> list[Datum]:
        """Charge what an instance that stopped or ended has overspent, once."""
        if one.account is None or one.stopped_at:
            return []
        account = one.account.settled()
        self._keep(one, Credits(account.balance, account.launch), stopped_at=now)
        if not account.charged:
            return []
        return list(metric_data.credit(one.subject, account, 0.0, one.mode, now))

    def _keep(self, one: _Seen, account: Credits, stopped_at: float = 0.0) -> None:
        with self._plane.lock:
            instance = self._plane.backend("ec2").get_instance_by_id(one.subject.instance_id)
            if instance is not None:
                record = InstanceRecord.of(instance)
                record.credits, record.credits_kept_since = account, stopped_at


def _read(instance: Instance) -> _Seen:
    record = InstanceRecord.of(instance)
    tags: Mapping[str, str] = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    return _Seen(
        Subject(
            instance.id,
            instance.instance_type,
            instance.image_id,
            tags.get(GROUP_TAG, ""),
            instance.monitoring_state == "enabled",
        ),
        instance.state_code == ec2.RUNNING,
        bool(record.impairment),
        record.cpu_credits,
        record.credits,
        record.credits_kept_since,
    )
