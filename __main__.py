"""The Pulumi program: read the stack's settings and build `single` or `ha`."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.config.loader import read_settings
from components.foundation import FoundationArgs
from components.instance_spec import architecture_of
from components.lookups import current_account, current_region, find_image, find_zones
from components.release import Release
from components.release_hook import release_hook
from components.revision.bundle import build_bundle
from components.service import HighlyAvailableService, SingleInstanceService
from components.tags import base_tags

SERVICES = {"single": SingleInstanceService, "ha": HighlyAvailableService}

settings = read_settings()
bundle = build_bundle(
    Path(settings.app_path),
    cache=Path(".tools") / "bundles",
    architecture=architecture_of(settings.instance_type),
)
for hint in bundle.hints:
    pulumi.log.warn(hint)
region = current_region()

hooks = [release_hook()] if settings.release_on_up else []
service = SERVICES[settings.topology](
    "web",
    FoundationArgs(
        settings=settings,
        region=region,
        account=current_account(),
        zones=find_zones(settings, region),
        image_id=find_image(settings),
        bundle=bundle,
        tags=base_tags(pulumi.get_project(), pulumi.get_stack()),
    ),
)
Release(
    "web-release",
    service.release,
    pulumi.ResourceOptions(
        parent=service,
        hooks=pulumi.ResourceHookBinding(after_create=hooks, after_update=hooks),
    ),
)
for key, value in service.outputs.items():
    pulumi.export(key, value)
