"""`python -m guardrails` (in `policies/`): print the rules as JSON, for reports."""

from __future__ import annotations

import json

from guardrails.catalogue import RULES


def main() -> None:
    """Print a list with one object per rule, in the order of the catalogue."""
    rules = [
        {
            "id": rule.id,
            "title": rule.title,
            "level": rule.level.value,
            "severity": rule.severity.value,
            "scope": rule.scope.value,
            "controls": dict(rule.controls),
            "url": rule.url,
            "remedy": rule.remedy,
            "steps": list(rule.steps),
        }
        for rule in RULES
    ]
    print(json.dumps(rules, indent=2))


if __name__ == "__main__":
    main()
