"""A file backend, a stack and the real CLI, for programs that meet the policy pack."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from tests.policies.draft import Changes
from tests.policies.good_stack import SETTINGS, write_revision
from tests.policies.mutations import MUTATIONS

ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "policies"
TOOLS = ROOT / ".tools" / "bin"

# "    - [mandatory] [severity: high] asg-multi-az  (aws:autoscaling/group:Group: web-group)"
_VIOLATION = re.compile(r"^\s*- \[(mandatory|advisory)\]\s+(?:\[[^]]*\]\s+)?(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """Exit code and output of a CLI run."""

    code: int
    text: str

    def rules(self, level="mandatory"):
        """The ids of the rules that were violated at this level."""
        return {name for found, name in _VIOLATION.findall(self.text) if found == level}

    def said_by(self, rule):
        """The text of a rule's violations."""
        found = list(_VIOLATION.finditer(self.text))
        ends = [*(one.start() for one in found[1:]), len(self.text)]
        return "\n".join(
            self.text[one.start() : end]
            for one, end in zip(found, ends, strict=False)
            if one[2] == rule
        )


class Sandbox:
    """One project directory with a backend of its own; nothing outside it is touched."""

    def __init__(self, directory, provider_port, pack=PACK, path=TOOLS, only=()):
        """Prepare the environment.

        `pack` goes to `--policy-pack`, `path` comes first on PATH. The previews of mutations leave
        out what is not of the types in `only`.
        """
        self.pack = pack
        self.only = only
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

    def install(self):
        """Set up the good stack as `test`: the project's program under the settings it needs."""
        self.project.mkdir()
        shutil.copy(ROOT / "Pulumi.yaml", self.project)
        (self.project / ".venv").symlink_to(ROOT / ".venv")
        program = Path(__file__).with_name("program") / "__main__.py"
        (self.project / "__main__.py").symlink_to(program)
        self._change()
        config = yaml.safe_load((ROOT / "Pulumi.ha.yaml").read_text())["config"]
        own = {**SETTINGS, "appPath": str(write_revision(self.directory / "revision"))}
        config |= {f"haproof:{key}": value for key, value in own.items()}
        self.pulumi("stack", "init", "test")
        stack = self.project / "Pulumi.test.yaml"
        created = yaml.safe_load(stack.read_text()) if stack.exists() else None
        stack.write_text(yaml.safe_dump({**(created or {}), "config": config}))

    def pulumi(self, *arguments, check=True):
        """Run the CLI in the project; `check` refuses a non-zero exit."""
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

    def preview(self, *arguments, mutations=(), check=False):
        """`pulumi preview` with the pack, of the program or of it with mutations."""
        self._change(mutations)
        return self.pulumi(
            "preview", "-s", "test", "--policy-pack", str(self.pack), *arguments, check=check
        )

    def _change(self, mutations=()):
        changes = Changes(only=list(self.only) if mutations else [])
        for name in mutations:
            MUTATIONS[name].change(changes)
        (self.project / "changes.json").write_text(json.dumps(asdict(changes)))
