"""The proof as Markdown: for GitHub's job summary, a pull request or a README."""

from __future__ import annotations

from loadtest.experiments.models import Outcome
from loadtest.experiments.proof import rows
from loadtest.experiments.proof.models import Proof, slug
from loadtest.reporting.markdown import bullets, escaped
from loadtest.reporting.markdown import table as table_of
from loadtest.reporting.texts import Texts

SIGNS: dict[Outcome, str] = {"survived": "✅", "not survived": "❌", "not shown": "⚠️"}


def render(proof: Proof, texts: Texts) -> str:
    """Return verdict, table of experiments and reasons."""
    found = rows.rows(proof, texts)
    parts = [
        f"## {SIGNS[proof.outcome]} {texts(f'survival.{slug(proof.outcome)}')}",
        f"**{escaped(texts.render(proof.sentence))}**",
        table_of(
            rows.columns(texts),
            [
                [f"{SIGNS[entry.record.outcome]} {row.name}", *row.cells]
                for entry, row in zip(proof.entries, found, strict=True)
            ],
        ),
        bullets(
            [
                f"{entry.record.topology}, {entry.name}: {texts.render(reason)}"
                for entry in proof.entries
                if entry.record.outcome != "survived"
                for reason in entry.record.reasons
            ]
            + [texts.render(one) for one in (*proof.repeated, *proof.left_out_messages)]
        ),
        f"<sub>{' · '.join(filter(None, (proof.commit, proof.generated_at)))}</sub>",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
