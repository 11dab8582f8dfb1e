"""Guardrails: rules that decide, from a stack's resources alone, whether it is highly available.

Only `analyzer` and `convert` import Pulumi: a rule is a function over plain data.

- `analyzer` hands resources to `evaluator`, which asks every rule of `catalogue` under a `configuration`
  (`topology`, `exceptions`); `notices` and `summary` say what else a preview should.
- a rule is a `model`, or made by `property_rules`, `refusals` or `answered`. Rules are in `rules/` and
  `refused/`; they ask `architecture/`, over `resources`, `values` and `tokens`.
- what several rules know: `tags`, `environments`, `credentials` in `encoded_text`, `service_models`,
  `published_metrics`, `alarm_scales`, `federation`, `practices`. `docs` writes the
  catalogue's page, `python -m guardrails` its JSON.
"""
