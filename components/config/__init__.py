"""A stack's settings: what `Pulumi.<stack>.yaml` may contain, validated before any resource.

- `loader` reads `settings` (each key by `fields`) and rejects impossible `combinations`; `check` does the
  same without an engine.
- what they mean: `minimum_healthy_hosts`, `rds_classes`; `constants` more than one module names.
"""
