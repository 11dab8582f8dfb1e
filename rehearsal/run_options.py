"""Options of `python -m rehearsal run` alone: what is deployed, and what is made to fail."""

from __future__ import annotations

import shlex
import tarfile
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from commandline.options import directory


def revision_directory(value: str | Path) -> Path:
    """Return the directory that `--revision` names; an option's parser, as `directory`.

    Raises:
        BadParameter: It is empty or not a directory. For an archive, the message says how to unpack it.
    """
    path = Path(value)
    name, target = shlex.quote(str(path)), shlex.quote(f"{path.name.split('.')[0]}-revision")
    if path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path)):
        command = (
            f"unzip -q {name} -d {target}"
            if zipfile.is_zipfile(path)
            else f"mkdir {target} && tar -xf {name} -C {target}"
        )
        raise typer.BadParameter(
            f"'{path}' is an archive; unpack it and name the directory: {command}, then "
            f"--revision {target} (the directory in it that has appspec.yml)"
        )
    return directory(value)


Revision = Annotated[
    Path,
    typer.Option(
        help="The CodeDeploy revision to deploy: a directory with appspec.yml.",
        parser=revision_directory,
        metavar="PATH",
    ),
]
Experiments = Annotated[
    bool,
    typer.Option(
        "--experiments", help="After the loads, let an instance die and lose a zone under load."
    ),
]
