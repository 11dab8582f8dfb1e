"""The generated documents: where each is, and what renders it.

Renderers are imported when they are used: one patches moto, another puts the policy pack on the path.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from commandline.errors import UserError
from toolchain import paths


@dataclass(frozen=True)
class Document:
    """One file that is generated from the code, or from the libraries that it uses."""

    path: Path
    """Relative to the project's root."""

    render: Callable[[], str]
    """Return the whole file's text."""

    def ensure_current(self, root: Path = paths.ROOT) -> None:
        """Compare the file with what would be written now.

        Raises:
            UserError: it differs or is missing.
        """
        file = root / self.path
        if not file.exists():
            raise UserError(f"{self.path} is missing; run `python -m docgen --write`")
        if file.read_text(encoding="utf-8") != self.render():
            raise UserError(f"{self.path} does not match the code; run `python -m docgen --write`")

    def write(self, root: Path = paths.ROOT) -> None:
        """Write the file."""
        (root / self.path).write_text(self.render(), encoding="utf-8")


def _config_schema() -> str:
    from docgen import config_schema  # noqa: PLC0415

    return config_schema.render()


def _report_schema() -> str:
    from loadtest.reporting import schema  # noqa: PLC0415

    return schema.render()


def _proof_schema() -> str:
    from loadtest.experiments.proof import write  # noqa: PLC0415

    return write.schema()


def _policies() -> str:
    # The pack is a program of its own, which the engine starts in its directory.
    sys.path.insert(0, str(paths.ROOT / "policies"))
    from guardrails import docs  # noqa: PLC0415
    from guardrails.evaluator import PolicyEvaluator  # noqa: PLC0415

    from rehearsal import damage_figures as damage  # noqa: PLC0415

    measured = {
        rule: f"{damage.sentence(rule, found)}. Measured on {found.date}."
        for rule, found in damage.load().items()
    }
    page = (paths.ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    try:
        return docs.replace_catalogue(page, PolicyEvaluator().rules, measured)
    except ValueError as error:
        raise UserError(f"docs/policies.md: {error}") from error


def _policy_ids() -> str:
    sys.path.insert(0, str(paths.ROOT / "policies"))
    from guardrails.evaluator import PolicyEvaluator  # noqa: PLC0415

    return "".join(f"{name}\n" for name in sorted(rule.id for rule in PolicyEvaluator().rules))


def _emulator_coverage() -> str:
    from region.coverage import page  # noqa: PLC0415

    return page.render()


def _instance_types() -> str:
    from docgen import instance_types  # noqa: PLC0415

    return instance_types.render()


def _timing() -> str:
    from region.coverage import timing  # noqa: PLC0415

    return timing.render()


def _conformance() -> str:
    from docgen import conformance  # noqa: PLC0415

    return conformance.render()


def _decisions() -> str:
    from docgen import decisions  # noqa: PLC0415

    return decisions.render()


DOCUMENTS = {
    "config-schema": Document(Path("docs/config.schema.json"), _config_schema),
    "report-schema": Document(Path("docs/report.schema.json"), _report_schema),
    "proof-schema": Document(Path("docs/proof.schema.json"), _proof_schema),
    "policies": Document(Path("docs/policies.md"), _policies),
    "policy-ids": Document(Path("loadtest/experiments/policies.txt"), _policy_ids),
    "emulator-coverage": Document(Path("docs/emulator-coverage.md"), _emulator_coverage),
    "conformance": Document(Path("docs/conformance.md"), _conformance),
    "timing": Document(Path("docs/timing.md"), _timing),
    "decisions": Document(Path("docs/adr/README.md"), _decisions),
    "instance-types": Document(Path("region/machines/instance_types.tsv"), _instance_types),
}
"""By the name that the command line takes."""
