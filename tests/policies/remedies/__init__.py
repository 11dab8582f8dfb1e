"""What people do who follow a rule's remedy: changes to the broken stack, one module per area."""

from __future__ import annotations

import importlib
import pkgutil

from tests.policies.remedies.registry import REMEDIES

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["REMEDIES"]
