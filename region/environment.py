"""The environment in which Pulumi, boto3 and the AWS CLI talk to the local region and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from commandline import proxies
from region import credentials
from region.loopback.addresses import require_loopback
from region.session import Session
from region.usage.recorder import usage_file
from toolchain import locate

KEPT = frozenset({"AWS_PAGER"})
"""The only AWS_* variables that a user's shell may pass on."""


def region_variables(session: Session, root: Path) -> dict[str, str]:
    """Return the variables that point every tool at the region of `session`.

    Raises:
        CredentialError: The region's credentials cannot be read.
    """
    user = credentials.read(root)
    endpoint = f"http://127.0.0.1:{session.api_port}"
    require_loopback("AWS_ENDPOINT_URL", endpoint)
    home = root / "pulumi"
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
        "AWS_REGION": session.region,
        "AWS_DEFAULT_REGION": session.region,
        # No profile, no instance role, no single sign-on: nothing that names a real account.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "PULUMI_DEBUG_PROVIDERS": f"aws:{session.provider_port}",
        "PULUMI_BACKEND_URL": f"file://{home}",
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": locate.search_path(),
        # What plays the target uses the same computer as the load test, which tells it from others.
        "LOADTEST_TARGET_USAGE": str(usage_file(root)),
        # What AWS waits passes so much faster here: the load test predicts how long things take.
        "LOADTEST_REGION_SPEED": f"{session.speed:g}",
    }


def to_unset(environment: Mapping[str, str]) -> list[str]:
    """Return the variables of `environment` that could send a call elsewhere, sorted."""

    def misleads(name: str) -> bool:
        return (
            (name.startswith("AWS_") and name not in KEPT)
            # A stack, a backend or an option of another project: `PULUMI_OPTION_…` is any option.
            or name.startswith("PULUMI_")
            # A proxy would take loopback calls off the machine.
            or proxies.is_proxy_variable(name)
        )

    return sorted(name for name in environment if misleads(name))


_isolated: set[str] = set()
"""What `isolate` removed: a shell that this process prints lines for still has it."""


def isolate() -> None:
    """Remove from this process what could send a call elsewhere. Call it before anything connects.

    boto3, gRPC and the processes that are started later then find nothing of the user's own AWS
    account or proxies.
    """
    for name in to_unset(os.environ):
        del os.environ[name]
        _isolated.add(name)


def process_environment(session: Session, root: Path) -> dict[str, str]:
    """Return the whole environment for a process that uses the region."""
    dropped = set(to_unset(os.environ))
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    # Python looks for another directory where TMPDIR is gone or full; Go and Node fail in it.
    temporary = {"TMPDIR": tempfile.gettempdir()}
    return {**kept, **temporary, **region_variables(session, root)}


def shell_lines(session: Session, root: Path) -> list[str]:
    """Return lines for `eval`: what to unset, then what to export."""
    variables = region_variables(session, root)
    misleading = sorted({*to_unset(os.environ), *_isolated})
    unset = [name for name in misleading if name not in variables]
    lines = [f"unset {name}" for name in unset]
    return [*lines, *(f"export {name}={_quoted(value)}" for name, value in variables.items())]


def _quoted(value: str) -> str:
    escaped = value.replace("'", "'\\''")
    return f"'{escaped}'"
