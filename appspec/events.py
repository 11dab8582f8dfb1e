"""The lifecycle events that an appspec.yml may name.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

from typing import Final

HOOK_EVENTS: Final = (
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "ApplicationStop",
    "BeforeInstall",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)
"""Events that run scripts of a revision, in order (the agent's DEFAULT_HOOK_MAPPING)."""

WITHOUT_SCRIPTS: Final = frozenset({"BlockTraffic", "DownloadBundle", "Install", "AllowTraffic"})
"""Events that CodeDeploy or its agent carries out. Scripts listed for them never run."""
