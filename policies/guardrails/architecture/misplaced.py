"""Instances that are behind another target group than their security groups are made for."""

from __future__ import annotations

from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import Party
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic
from guardrails.resources import Resource, Stack
from guardrails.values import number


def meant_for(stack: Stack, party: Party) -> Resource | None:
    """Return the target group without targets whose load balancer a party admits on its port.

    That it has none is the fault, which `tg-has-targets` reports; what follows from it is not one
    more.
    """
    targets, traffic, firewall = (
        stack.derived(Targets),
        stack.derived(Traffic),
        stack.derived(Firewall),
    )
    for target in targets.vacant():
        if targets.may_fill_itself(target):
            continue  # others may register in it
        port = number(target.get("port"))
        for balancer in traffic.senders(target) if port else ():
            source = targets.balancer_party(balancer)
            if firewall.connects(source, party, int(port or 0)).is_yes:
                return target
    return None
