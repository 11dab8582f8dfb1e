"""CPU credits of burstable instances: the arithmetic of EC2. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html

One credit is one vCPU at 100 % for a minute. An instance earns as many an hour as its baseline uses, and
keeps what it earns in a day. A `standard` instance spends what it has. An `unlimited` one spends more: the
surplus, which later earnings pay down, and of which what exceeds a day's earnings is charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

STANDARD, UNLIMITED = "standard", "unlimited"
FAMILIES: Final = ("t2", "t3", "t3a", "t4g")
_LAUNCH_CREDITS_PER_VCPU: Final = 30.0
HOURS_KEPT: Final = 24.0


@dataclass(frozen=True, slots=True)
class Earnings:
    """What an instance type earns.

    Attributes:
        per_hour: Credits an hour.
        most: How many are kept, and how much surplus is free of charge.
        at_launch: Launch credits, of T2 only.
    """

    per_hour: float
    most: float
    at_launch: float = 0.0


# credits an hour, vCPUs
_THIRD: Final = {
    "nano": 6.0,
    "micro": 12.0,
    "small": 24.0,
    "medium": 24.0,
    "large": 36.0,
    "xlarge": 96.0,
    "2xlarge": 192.0,
}
_T2: Final[Mapping[str, tuple[float, int]]] = {
    "nano": (3.0, 1),
    "micro": (6.0, 1),
    "small": (12.0, 1),
    "medium": (24.0, 2),
    "large": (36.0, 2),
    "xlarge": (54.0, 4),
    "2xlarge": (81.6, 8),
}


def earnings_of(instance_type: str) -> Earnings | None:
    """Return what a type earns; None if it has no credits."""
    family, _, size = instance_type.partition(".")
    if family == "t2" and size in _T2:
        per_hour, vcpus = _T2[size]
        return Earnings(per_hour, per_hour * HOURS_KEPT, vcpus * _LAUNCH_CREDITS_PER_VCPU)
    if family in FAMILIES and size in _THIRD:
        return Earnings(_THIRD[size], _THIRD[size] * HOURS_KEPT)
    return None


SLOWS_DOWN_OVER_MINUTES: Final = 15.0
"""A standard instance comes down to its baseline in so long (EC2 guide, Standard mode)."""


def cores(earnings: Earnings, vcpus: int, left: float) -> float:
    """Return how many vCPUs a standard instance may use with so many credits left.

    All of them while there are enough for the time in which it slows down, and its baseline without any.
    """
    baseline = earnings.per_hour / 60.0
    share = min(1.0, max(0.0, left) / (vcpus * SLOWS_DOWN_OVER_MINUTES))
    return baseline + (vcpus - baseline) * share


def spent(vcpus: int, utilization: float, seconds: float) -> float:
    """Return the credits that a utilization (0 to 1 of all vCPUs) costs in a time."""
    return vcpus * utilization * seconds / 60.0


@dataclass(frozen=True, slots=True)
class Credits:
    """An instance's account.

    Attributes:
        balance: Accrued credits.
        launch: Launch credits that are left; they are spent first.
        surplus: Spent and not earned yet.
        charged: What has been charged since the last `settled`.
    """

    balance: float = 0.0
    launch: float = 0.0
    surplus: float = 0.0
    charged: float = 0.0

    @property
    def available(self) -> float:
        """CPUCreditBalance: what can be spent."""
        return self.balance + self.launch

    def after(self, earnings: Earnings, used: float, seconds: float, mode: str) -> Credits:
        """Return the account after a time in which credits were used."""
        launch = max(0.0, self.launch - used)
        rest = used - (self.launch - launch)
        change = earnings.per_hour * seconds / 3600.0 - rest
        if mode == STANDARD:
            balance = min(max(self.balance + change, 0.0), earnings.most)
            return Credits(balance, launch, 0.0, self.charged + self.surplus)
        net = self.balance - self.surplus + change
        balance, surplus = max(net, 0.0), max(-net, 0.0)
        over = max(0.0, surplus - earnings.most)
        return Credits(min(balance, earnings.most), launch, surplus - over, self.charged + over)

    def settled(self) -> Credits:
        """Charge the surplus that is left: the instance stops, ends, or becomes `standard`."""
        return Credits(self.balance, self.launch, 0.0, self.charged + self.surplus)
