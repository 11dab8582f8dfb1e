"""The pages that restate the region's code.

`page` is `docs/emulator-coverage.md`, with each AWS call by `calls`; `timing` is `docs/timing.md`.
"""
