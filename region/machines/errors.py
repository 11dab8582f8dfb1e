"""The errors of this package; every message names the value and the remedy."""

from __future__ import annotations

from commandline.errors import UserError


class MachineError(UserError):
    """Base of every error this package raises on purpose."""


class LimitsUnavailable(MachineError):  # noqa: N818 - a state of the host, named as such
    """The host does not let this user create control groups with CPU and memory limits."""


class LimitsError(MachineError):
    """A control group could not be read, written, emptied or removed."""


class RegionInUse(MachineError):  # noqa: N818 - a state of the region, named as such
    """Another live process already runs the machines of this region root."""


class UnknownMachine(MachineError):  # noqa: N818 - mirrors InvalidInstanceID.NotFound
    """No machine with this instance id was launched."""


class BootError(MachineError):
    """The machine did not start, or was powered off before it had booted."""


class DiskError(MachineError):
    """A path lies outside the machine's private disk."""


class UnitError(MachineError):
    """A systemd unit file is invalid or uses what the region does not support."""


class ServiceError(MachineError):
    """A service did not start."""


class AppSpecError(MachineError):
    """The revision's appspec.yml is missing or invalid."""


class BundleError(MachineError):
    """The revision could not be downloaded or unpacked."""


class InstallError(MachineError):
    """The revision's files could not be copied into place."""


class ContainerError(MachineError):
    """A container could not be created, entered or removed; the message has runc's reason."""


class AccountError(MachineError):
    """A user or a group does not exist in the machine."""
