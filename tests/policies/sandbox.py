"""A file backend, a stack and the real CLI, for programs that meet the policy pack."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"
TOOLS = ROOT / ".tools" / "bin"

# "    - [mandatory] [severity: high] asg-multi-az  (aws:autoscaling/group:Group: fleet)"
_VIOLATION = re.compile(r"^\s*- \[(mandatory|advisory)\]\s+(?:\[[^]]*\]\s+)?(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What a CLI run said."""

    code: int
    text: str

    def rules(self, level="mandatory"):
        """The ids of the rules that were violated at this level."""
        return {name for found, name in _VIOLATION.findall(self.text) if found == level}


class Sandbox:
    """One project directory with one stack, `test`; nothing outside its directory is touched."""

    def __init__(self, directory, provider_port, pack=PACK, path=TOOLS):
        """``pack`` is what `--policy-pack` names, ``path`` what comes first on PATH."""
        self.pack = pack
        self.directory = Path(directory)
        self.project = self.directory / "project"
        (self.directory / "state").mkdir(parents=True)
        self.environment = {
            "PATH": os.pathsep.join((str(path), str(TOOLS), os.environ["PATH"])),
            "HOME": str(self.directory),
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider_port}",
            "AWS_REGION": "ap-northeast-2",
        }

    def install(self, source):
        """Copies a program and makes its stack."""
        shutil.copytree(source, self.project)
        self.pulumi("stack", "init", "test")

    def pulumi(self, *arguments, check=True):
        """Runs the CLI in the project; ``check`` refuses a non-zero exit."""
        process = subprocess.run(
            [str(TOOLS / "pulumi"), *arguments, "--non-interactive", "--color", "never"],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        result = Result(process.returncode, process.stdout + process.stderr)
        assert not check or result.code == 0, result.text
        return result

    def preview(self, *arguments, mutation=None, check=False):
        """`pulumi preview` with the pack, of the program or of a mutation of it."""
        self._configure(mutation)
        return self.pulumi(
            "preview", "-s", "test", "--policy-pack", str(self.pack), *arguments, check=check
        )

    def _configure(self, mutation):
        # Written by hand: `pulumi config set` would cost as much as a preview.
        settings = self.project / "Pulumi.test.yaml"
        content = yaml.safe_load(settings.read_text()) if settings.exists() else None
        content = {**(content or {}), "config": {"fleet:mutation": mutation or ""}}
        settings.write_text(yaml.safe_dump(content))
