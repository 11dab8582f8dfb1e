"""Scenarios: the files that describe what a user does, validated and prepared for Artillery.

- `scenario` loads one; `script` writes what Artillery gets; `credentials` are its users'.
- `validation` finds every problem: by the schema (`schema`, with `part`, `steps`, `expectations`; errors
  in the user's terms by `findings` and `suggestions`), then by what Artillery makes of it: `surprises`,
  `yaml_values` and `js_yaml`, `variables`, `overwritten`, `nested_loops`, `templates`, `placeholders`,
  `other_tools_names`, `conditions`, `headers`, `percent_signs`, `urls` and `target`, `environment`.
- what a script brings: `payloads` and `csv_text`; `processor`, `named_processor` and `imports`; `own_load`.
  `nearby` says where a missing file is.
- `adoption` lists what is kept and what is replaced; `flows` and `walk` visit the steps.
"""
