"""Changes to the good stack, one module per module of rules."""

from __future__ import annotations

import importlib
import pkgutil

from tests.policies.mutations.registry import DECISIVE, MUTATIONS

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["DECISIVE", "MUTATIONS"]
