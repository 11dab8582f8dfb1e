"""What each action of the catalogue does."""

from __future__ import annotations

from typing import Final

from region.services.fis import actions, catalogue
from region.services.fis.actions import Behaviour
from region.services.fis.capacity_action import NoCapacity

BEHAVIOURS: Final[dict[str, Behaviour]] = {
    catalogue.WAIT: actions.Wait(),
    catalogue.ASSERT_ALARM: actions.AssertAlarm(),
    catalogue.STOP: actions.Stop(),
    catalogue.TERMINATE: actions.Terminate(),
    catalogue.REBOOT: actions.Reboot(),
    catalogue.SEND_COMMAND: actions.SendCommand(),
    catalogue.REBOOT_DATABASE: actions.RebootDatabase(),
    catalogue.DISRUPT: actions.Disrupt(),
    catalogue.NO_CAPACITY: NoCapacity(),
}
