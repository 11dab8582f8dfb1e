"""Print the catalogue of rules as Markdown, or write it into docs/policies.md.

Examples:
    python policies/docs.py           # print
    python policies/docs.py --write   # after a change to a rule
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from guardrails.docs import render_catalogue, replace_catalogue
from guardrails.evaluator import PolicyEvaluator

PAGE = Path(__file__).resolve().parents[1] / "docs" / "policies.md"


def main() -> int:
    """Run the command; return 1 if the page cannot be written, otherwise 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"update docs/{PAGE.name} instead")
    rules = PolicyEvaluator().rules
    if not parser.parse_args().write:
        sys.stdout.write(render_catalogue(rules))
        return 0
    try:
        page = replace_catalogue(PAGE.read_text(encoding="utf-8"), rules)
        PAGE.write_text(page, encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"docs/{PAGE.name} was not written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
