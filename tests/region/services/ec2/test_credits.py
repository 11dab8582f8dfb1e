"""CPU credits: the examples and formulas of the EC2 guide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.machines.instance_types import INSTANCE_TYPES
from region.services.ec2.credits import (
    STANDARD,
    UNLIMITED,
    Credits,
    Earnings,
    cores,
    earnings_of,
    spent,
)

NANO = Earnings(6.0, 144.0)
FIVE = 300.0


@pytest.mark.parametrize("name", sorted(INSTANCE_TYPES))
def test_a_baseline_is_what_the_credits_of_an_hour_last_for(name):
    earnings, kind = earnings_of(name), INSTANCE_TYPES[name]
    if earnings is None:
        assert name.partition(".")[0] not in {"t2", "t3", "t3a", "t4g"}
        return
    assert earnings.per_hour / 60 == pytest.approx(kind.baseline_cpu)
    assert earnings.most == pytest.approx(24 * earnings.per_hour)


def test_a_credit_is_a_vcpu_minute():
    assert spent(2, 1.0, FIVE) == 10.0


def test_the_guides_example_of_standard():
    assert Credits(2.0).after(NANO, 1.0, FIVE, STANDARD).balance == pytest.approx(1.5)


def test_an_idle_instance_earns_half_a_credit_up_to_a_days():
    account = Credits()
    for _ in range(12 * 24):
        account = account.after(NANO, 0.0, FIVE, STANDARD)
    assert account.balance == pytest.approx(144.0)
    assert account.after(NANO, 0.0, FIVE, STANDARD).balance == 144.0


def test_surplus_above_a_days_earnings_is_charged():
    account, minutes = Credits(), 0
    while not account.charged:
        account = account.after(NANO, spent(2, 1.0, FIVE), FIVE, UNLIMITED)
        minutes += 5
    assert minutes / 60 == pytest.approx(144 / 114, abs=0.1)
    assert account.surplus == 144.0


def test_surplus_is_paid_down_before_credits_accrue():
    account = Credits(surplus=0.7).after(NANO, 0.0, FIVE, UNLIMITED)
    assert (account.balance, account.surplus) == (0.0, pytest.approx(0.2))
    account = account.after(NANO, 0.0, FIVE, UNLIMITED)
    assert (account.balance, account.surplus) == (pytest.approx(0.3), 0.0)


def test_what_is_left_of_surplus_is_charged_at_the_end():
    assert Credits(surplus=3.0).settled() == Credits(charged=3.0)
    assert Credits(surplus=3.0).after(NANO, 0.0, FIVE, STANDARD).charged == 3.0


def test_launch_credits_are_spent_first():
    account = Credits(launch=30.0).after(NANO, 1.0, FIVE, STANDARD)
    assert (account.launch, account.balance) == (29.0, 0.5)


@given(
    st.lists(st.floats(0.0, 20.0), max_size=50),
    st.sampled_from([STANDARD, UNLIMITED]),
    st.floats(0.0, 144.0),
)
def test_an_account_is_never_out_of_bounds_and_loses_nothing(uses, mode, balance):
    account, charged = Credits(balance), 0.0
    for used in uses:
        before = account
        account = Credits(before.balance, before.launch, before.surplus).after(
            NANO, used, FIVE, mode
        )
        charged += account.charged
        assert 0.0 <= account.balance <= NANO.most
        assert 0.0 <= account.surplus <= NANO.most
        assert not (account.balance and account.surplus)
        if mode == UNLIMITED and account.balance < NANO.most:
            gained = account.balance - account.surplus - (before.balance - before.surplus)
            assert gained == pytest.approx(0.5 - used + account.charged, abs=1e-6)
    assert mode == UNLIMITED or not charged


@pytest.mark.parametrize(
    ("left", "expected"), [(0.0, 0.1), (-1.0, 0.1), (15.0, 1.05), (30.0, 2.0), (144.0, 2.0)]
)
def test_a_standard_instance_slows_down_as_its_credits_run_out(left, expected):
    assert cores(NANO, 2, left) == pytest.approx(expected)


def test_a_day_of_rest_fills_the_balance_and_no_more():
    """EC2-C13."""
    account = Credits()
    for _ in range(24 * 12 + 10):
        account = account.after(NANO, 0.0, FIVE, STANDARD)
    assert account.balance == pytest.approx(144.0)


def test_both_vcpus_of_a_nano_are_charged_after_a_good_hour():
    """EC2-C08: 114 credits an hour beyond what is earned, 144 of them free of charge."""
    account, hours = Credits(), 0.0
    while not account.charged:
        account = account.after(NANO, spent(2, 1.0, 60.0), 60.0, UNLIMITED)
        hours += 1 / 60
    assert hours == pytest.approx(144 / 114, abs=1 / 60)
    assert account.surplus == pytest.approx(144.0)


def test_the_guides_first_example_of_unlimited():
    """The t3.nano of "Unlimited mode examples", from its launch until its surplus is paid down."""
    stretches = [  # hours, CPU utilization; credits, surplus and what has been charged after them
        (24, 0.0, 144.0, 0.0, 0.0),
        (12, 0.025, 144.0, 0.0, 0.0),
        (24, 0.07, 86.4, 0.0, 0.0),
        (12, 0.025, 122.4, 0.0, 0.0),
        (5, 1.0, 0.0, 144.0, 303.6),  # 570 spent, 122.4 of them saved, 144 to be earned later
        (13, 0.05, 0.0, 144.0, 303.6),
        (24, 0.0, 0.0, 0.0, 303.6),
    ]
    account, earnings = Credits(), earnings_of("t3.nano")
    assert earnings is not None
    for hours, utilization, balance, surplus, charged in stretches:
        for _ in range(hours * 12):
            account = account.after(earnings, spent(2, utilization, FIVE), FIVE, UNLIMITED)
        assert (account.balance, account.surplus, account.charged) == (
            pytest.approx(balance, abs=1e-6),
            pytest.approx(surplus, abs=1e-6),
            pytest.approx(charged, abs=1e-6),
        )


def test_of_all_families_only_t2_begins_with_credits():
    assert [earnings_of(f"{family}.micro").at_launch for family in ("t2", "t3", "t3a", "t4g")] == [
        30.0, 0.0, 0.0, 0.0,
    ]  # fmt: skip
