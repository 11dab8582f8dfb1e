"""What CodeDeploy's agent reads in an appspec.yml: one definition for preview and region.

The program's preview (`components.revision`) and the region's agent (`region.machines`) must not
import each other, and both must judge a file alike (ADR 22). The reference is AWS's agent,
github.com/aws/aws-codedeploy-agent, lib/instance_agent/plugins/codedeploy/.
"""

from __future__ import annotations

from appspec.model import AppSpec, FileExistsBehavior, FileMapping, Finding, Permission, Script
from appspec.reader import Reading, read

__all__ = [
    "AppSpec",
    "FileExistsBehavior",
    "FileMapping",
    "Finding",
    "Permission",
    "Reading",
    "Script",
    "read",
]
