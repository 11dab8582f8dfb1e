"""Colors: texts are legible in both schemes, and outcomes differ for the color-blind too."""

from __future__ import annotations

import re
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from loadtest import reporting
from loadtest.outcomes import Outcome

TEMPLATES = Path(reporting.__file__).parent / "templates"
CSS = (TEMPLATES / "report.css").read_text()
CARD = (TEMPLATES / "card.svg.j2").read_text()
SCHEMES = ("light", "dark")
BACKGROUNDS = ("bg", "panel", "shade0", "shade1")
TEXTS = ("ink", "soft", "kept", "broken", "invalid")
SERIES = ("good", "slow", "timeout", "s5xx", "refused", "reset", "s4xx", "other")

# Machado, Oliveira and Fernandes (2009), severity 1, over linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def tokens(source: str) -> dict[str, dict[str, str]]:
    """The colors of both schemes: the first block of custom properties, then the second."""
    found = [dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block))
             for block in re.findall(r"(?::root|svg) \{([^}]*)\}", source)]  # fmt: skip
    light, dark = (block for block in found if "bg" in block)
    return {"light": light, "dark": {**light, **dark}}


COLOURS = tokens(CSS)


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, 1.4.3."""
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    x, y, z = (to_xyz @ np.clip(rgb, 0, 1)) / [0.95047, 1, 1.08883]
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_schemes_have_all_colours():
    for scheme in COLOURS.values():
        assert {*BACKGROUNDS, *TEXTS, *SERIES, "focus", "hatch", "arrivals"} <= set(scheme)
    names = {re.sub(r"^(?=[45])", "s", outcome.value) for outcome in Outcome}
    assert names == set(SERIES)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "background"), list(product(TEXTS, ("bg", "panel"))))
def test_texts_are_legible(scheme: str, text: str, background: str):
    assert contrast(COLOURS[scheme][text], COLOURS[scheme][background]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_labels_in_charts_are_legible(scheme: str, background: str):
    assert contrast(COLOURS[scheme]["soft"], COLOURS[scheme][background]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("drawn", "background"), list(product((*SERIES, "arrivals", "focus"), BACKGROUNDS))
)
def test_what_is_drawn_stands_out(scheme: str, drawn: str, background: str):
    """WCAG 2.2, 1.4.11: graphics at least 3:1."""
    assert contrast(COLOURS[scheme][drawn], COLOURS[scheme][background]) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_outcomes_differ_for_the_colour_blind(scheme: str, deficiency: str):
    """A CIE76 distance of 14 is plain to see side by side; patterns and labels come on top."""
    sight = np.array(DEFICIENCIES[deficiency])
    seen = {name: lab(sight @ linear(COLOURS[scheme][name])) for name in SERIES}
    distances = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)
    }
    assert {pair: d for pair, d in distances.items() if d < 14} == {}


def test_the_card_uses_the_same_colours():
    for scheme, colours in tokens(CARD).items():
        differing = {n: c for n, c in colours.items() if COLOURS[scheme][n] != c}
        assert set(differing) <= {"bg"}
