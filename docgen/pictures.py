"""`python -m docgen.pictures`: recreate the pictures in `docs/images/` from the last rehearsal.

A page's language link is in the other language, so fonts for every language of the pages must be installed.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from commandline.errors import UserError
from commandline.run import command_line, run_cli
from toolchain import locate, paths, system

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TARGET: Final = paths.ROOT / "docs" / "images"
RESULTS: Final = paths.ROOT / "results"
WIDTH, HEIGHT = 1100, 1500
"""Size of each picture, in pixels."""


@dataclass(frozen=True)
class Picture:
    """A part of a page, as a person sees it."""

    file: str
    """Name in `docs/images/`."""

    page: str
    """The page, relative to the directory of results."""

    scheme: Literal["light", "dark"] = "light"
    top: str | None = None
    """The element at the picture's upper edge, by its id; the page's beginning without one."""


PICTURES: Final = (
    Picture("report.png", "report-quick/report.html"),
    Picture("report-charts.png", "report-quick/report.html", scheme="dark", top="course"),
    Picture("report-korean.png", "report-quick/report.ko.html"),
    Picture("proof.png", "report-quick/proof.html"),
)

app = command_line("")


@app.command(no_args_is_help=False)
def pictures(
    results: Annotated[
        Path, typer.Option(help="Directory with the pages of the last rehearsal.")
    ] = RESULTS,
    target: Annotated[Path, typer.Option(help="Directory that the pictures go to.")] = TARGET,
) -> None:
    """Remake the documents' pictures from the reports in `results/`, in headless Chromium.

    - `make rehearse && make pictures`
    - `python -m docgen.pictures --results ../other/results --target /tmp/pictures`
    """
    if missing := missing_pages(PICTURES, results):
        raise UserError(f"run `make rehearse` first: there is no {' and no '.join(missing)}")
    system.ensure_browser()
    system.ensure_fonts()
    target.mkdir(parents=True, exist_ok=True)
    with _chromium() as browser:
        for picture in PICTURES:
            _take(browser, picture, results, target / picture.file)
            typer.echo(f"wrote {target / picture.file}")


def missing_pages(wanted: Sequence[Picture], results: Path) -> list[str]:
    """Return the pages that are not there, each once."""
    pages = dict.fromkeys(results / picture.page for picture in wanted)
    return [str(page) for page in pages if not page.is_file()]


@contextmanager
def _chromium() -> Generator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=locate.chromium(),
            # The pages are our own, and Chromium's sandbox refuses to run as root.
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


def _take(browser: Browser, picture: Picture, results: Path, file: Path) -> None:
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=picture.scheme
    )
    page.goto((results / picture.page).resolve().as_uri())
    if picture.top:
        page.locator(f"#{picture.top}").evaluate("element => element.scrollIntoView()")
    page.screenshot(path=file)
    page.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_cli(app, "python -m docgen.pictures", arguments)


if __name__ == "__main__":
    sys.exit(main())
