"""An SVG card of 1200 by 630: the verdict and a square per experiment, for a README or a post."""

from __future__ import annotations

from typing import Any

from loadtest.experiments.proof.models import Proof, slug
from loadtest.experiments.proof.page import TONES
from loadtest.reporting.card import fitted
from loadtest.reporting.templating import environment
from loadtest.reporting.texts import Texts

COLUMNS = 11
SIZE, GAP = 82, 14
LEFT, TOP = 72, 330


def render(proof: Proof, texts: Texts) -> str:
    """Return the card. It needs nothing but itself and follows dark mode."""
    sentence = texts.render(proof.sentence)
    size, lines = fitted(sentence)
    return (
        environment()
        .get_template("proof-card.svg.j2")
        .render(
            t=texts,
            tone=TONES[proof.outcome],
            badge=texts(f"survival.{slug(proof.outcome)}"),
            sentence=sentence,
            size=size,
            lines=lines,
            tiles=_tiles(proof, texts),
            foot="haproof",
        )
        + "\n"
    )


def _tiles(proof: Proof, texts: Texts) -> list[dict[str, Any]]:
    on_ha = [entry.record for entry in proof.entries if entry.promised]
    return [
        {
            "x": LEFT + number % COLUMNS * (SIZE + GAP),
            "y": TOP + number // COLUMNS * (SIZE + GAP),
            "size": SIZE,
            "tone": TONES[record.outcome],
            "sign": {"kept": "✓", "broken": "✗"}.get(TONES[record.outcome], "–"),
            "name": f"{record.experiment}: {texts(f'survival.{slug(record.outcome)}')}",
        }
        for number, record in enumerate(on_ha[: 2 * COLUMNS])
    ]
