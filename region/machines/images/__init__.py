"""Images: the root file system that an AMI id stands for.

`prepare` makes the images of a region ready; `Images.for_ami` is the one of an instance.
"""

from __future__ import annotations

from region.machines.images.catalogue import Images, default_setting, prepare, resolve
from region.machines.images.errors import ImageError
from region.machines.images.file_systems import require_upper
from region.machines.images.image import Bind, Image, Overlay
from region.machines.images.privileges import OVERLAY_OPTIONS, owner_of

__all__ = [
    "OVERLAY_OPTIONS",
    "Bind",
    "Image",
    "ImageError",
    "Images",
    "Overlay",
    "default_setting",
    "owner_of",
    "prepare",
    "require_upper",
    "resolve",
]
