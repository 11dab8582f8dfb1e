"""Makes and removes the links by which systemd knows units, as `systemctl enable` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# What the paths of a request are below; the machine's own root once the program is confined to it.
ROOT = "/"


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Remove the paths of `remove` that are links, then make `links`, each [path, target].

    A link that is there already with this target is left alone. A path that is something else is
    returned as `conflict`, [path, its target or ""], and ends the work, unless `force` is true and
    it is a link. `removed` and `created` list what was done.
    """
    answer: dict[str, Any] = {"removed": [], "created": [], "conflict": None}
    for path in request.get("remove", ()):
        link = Path(ROOT, path.lstrip("/"))
        if link.is_symlink():
            link.unlink()
            answer["removed"].append(path)
            if link.parent.name.endswith((".wants", ".requires")) and not any(
                link.parent.iterdir()
            ):
                link.parent.rmdir()
    for path, target in request.get("links", ()):
        link = Path(ROOT, path.lstrip("/"))
        present = str(link.readlink()) if link.is_symlink() else ""
        if present == target:
            continue
        if present and request.get("force"):
            link.unlink()
        elif present or link.exists():
            answer["conflict"] = [path, present]
            break
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        answer["created"].append([path, target])
    return answer
