"""The lifecycle events of an in-place deployment to EC2, in order.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

BLOCK_TRAFFIC, ALLOW_TRAFFIC = "BlockTraffic", "AllowTraffic"
APPLICATION_STOP, DOWNLOAD_BUNDLE, INSTALL = "ApplicationStop", "DownloadBundle", "Install"

BLOCKING = ("BeforeBlockTraffic", BLOCK_TRAFFIC, "AfterBlockTraffic")
INSTALLATION = (
    APPLICATION_STOP,
    DOWNLOAD_BUNDLE,
    "BeforeInstall",
    INSTALL,
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
ALLOWING = ("BeforeAllowTraffic", ALLOW_TRAFFIC, "AfterAllowTraffic")

FROM_PREVIOUS_REVISION = frozenset({"BeforeBlockTraffic", "AfterBlockTraffic", APPLICATION_STOP})
"""Events that run the scripts of the last successful revision. A broken script there could block
every later deployment, so `ignoreApplicationStopFailures` covers exactly these."""


RESTART = (APPLICATION_STOP, "ApplicationStart", "ValidateService")
"""The events between the traffic events when the installed revision is only restarted."""


def events_of(
    *, with_traffic_control: bool, terminating: bool = False, restart: bool = False
) -> tuple[str, ...]:
    """Return the events of a deployment to one instance, in order.

    Before Auto Scaling terminates an instance (`terminating`), its application is only stopped; a
    `restart` installs nothing.
    """
    if terminating:
        return (*BLOCKING, APPLICATION_STOP) if with_traffic_control else (APPLICATION_STOP,)
    middle = RESTART if restart else INSTALLATION
    return (*BLOCKING, *middle, *ALLOWING) if with_traffic_control else middle
