"""The figure of the computer's CPU: in the page where it was watched, with the same numbers as a table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loadtest.host_record import HostRecord
from loadtest.messages.catalogue import LANGUAGES
from loadtest.reporting.html import page
from loadtest.reporting.html.plots import Plots, Source
from loadtest.reporting.html.tables import Figure
from loadtest.reporting.texts import Texts

HOST = HostRecord(
    window_s=2.0,
    cpus=2,
    ours=[0.5, 0.5, None],
    target=[0.25, 0.75, None],
    others=[0.0, 0.75, None],
    steal=[0.0, 0.0, 0.125],
    idle=[1.25, 0.0, 0.5],
    quota_shares={"i-0a": [0.5, 1.0, None], "i-0b": [0.25, 0.5, None]},
)


def watched(story: Any, host: HostRecord | None = HOST) -> Any:
    report = story.report
    return report.model_copy(update={"single": report.single.model_copy(update={"host": host})})


def figures(story: Any, host: HostRecord | None = HOST, language: str = "en") -> list[Figure]:
    report, evidence = watched(story, host), story.evidence
    sources = [Source(report.single, evidence.single, "One"), Source(report.ha, evidence.ha, "HA")]
    return [f for f in Plots(sources, Texts(language)).over_time() if f.id == "host"]


def test_it_is_left_out_where_nobody_watched(story: Any):
    assert figures(story, None) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_the_page_of_every_language(story: Any, language: str):
    texts = Texts(language)
    html = page.render(watched(story), story.evidence, texts)
    assert texts("chart.host") in html
    assert "{" not in "".join(re.findall(r"<desc[^>]*>([^<]*)", html))
    for kind in re.findall(r"url\(#([\w-]+)\)", html):
        assert f'id="{kind}"' in html


def test_only_runs_that_were_watched_have_a_panel_and_its_table_the_same_numbers(story: Any):
    (figure,) = figures(story)
    assert [panel.title for panel in figure.panels] == ["One"]
    cells = [[cell.text for cell in row.cells] for row in figure.table.rows]
    assert cells[0] == ["0.50", "0.25", "0.00", "0.00", "1.25", "50 %"]
    assert cells[1] == ["0.50", "0.75", "0.75", "0.00", "0.00", "100 %"]
    assert cells[2] == ["–", "–", "–", "0.12", "0.50", "–"]


def test_it_is_drawn_inside_its_frame_up_to_all_cpus(story: Any):
    (figure,) = figures(story)
    drawn = str(figure.panels[0].svg)
    layers = re.findall(r'<polygon class="fill s-(\w+)" points="([^"]*)"', drawn)
    assert [kind for kind, _ in layers] == ["ours", "target", "others", "steal"]
    heights = [float(p.split(",")[1]) for _, points in layers for p in points.split()]
    top, bottom = 26, 250 - 34
    assert min(heights) == top  # in the second window all CPUs are used
    assert max(heights) == bottom
