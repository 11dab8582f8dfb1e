"""FIS takes on the role that the load test makes in a local region."""

from __future__ import annotations

from loadtest.experiments.actions import fis
from region.config import ACCOUNT
from region.services import roles
from region.services.fis.controller import PRINCIPAL
from tests.region.fakes import Aws


def test_the_role_is_made_once_and_may_be_assumed(aws: Aws):
    arn = fis.local_role(aws.iam)

    assert arn == fis.local_role(aws.iam)
    assert roles.may_assume(ACCOUNT, arn, PRINCIPAL)
