"""Images: the root file system that an AMI id stands for.

`prepare` makes the images of a region ready; `Images.for_ami` is the one of an instance.

- `catalogue` decides which `image` a setting means: `host`, `amazon_linux` (fetched from a `registry`), or
  `foreign` (a directory or a tarball, by `unpack`). Prepared ones are in the `cache`.
- what every image has above its root file system, `shared`, is `layers` of: `accounts`, `commands`,
  `aws_cli`, `interpreter`.
- the rights and file systems that overlays need: `privileges`, `file_systems`, `adoption`. Paths inside an
  image are `confined`; `errors` has the error.
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
