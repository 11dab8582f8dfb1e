"""The page `docs/emulator-coverage.md`, rendered from the code: `page`, with each AWS call by `calls`."""
