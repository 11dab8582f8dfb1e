"""How results are shown: the page, the terminal, and what CI and READMEs take.

- `report` writes all forms of a `stack_comparison`: `html/`, `terminal`, `markdown`, `junit`, `card`, and
  JSON by `schema`; `comparison` one of runs or groups, `findings` a bottleneck, `experiments` a line each.
- their content: `published` figures, `conditions` and how they differ, `evidence` behind a verdict.
- `texts` and `templating`: languages, numbers, escaping.
"""
