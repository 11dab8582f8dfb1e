"""Prints the catalogue of rules as Markdown, or writes it into docs/policies.md.

Examples:
    python policies/describe.py           # print
    python policies/describe.py --write   # after a change to a rule
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from guardrails.docs import catalogue, replaced
from guardrails.evaluator import Judge

PAGE = Path(__file__).resolve().parents[1] / "docs" / "policies.md"


def main() -> int:
    """Returns the exit code: 1 where the page cannot be written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--write", action="store_true", help=f"write it into docs/{PAGE.name} instead"
    )
    rules = Judge().rules
    if not parser.parse_args().write:
        sys.stdout.write(catalogue(rules))
        return 0
    try:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), rules), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"docs/{PAGE.name} was not written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
