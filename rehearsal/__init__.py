"""The experiment: both stacks on a local region, under the same load, and one verdict.

Modules depend on what stands below them:

- commands: `cli` with `run_options`, `run_request`, `setting_pairs`; one process at a time: `under_way`.
- jobs: `run` (with `head_start`, `turns`, `first_proof`, `verdict`, `failure`), `prove` (`shared_loads`),
  `damage` (`breaks`, `changes`, `breaking`, `damage_files`, `damage_figures`), `preview` (`policy_report`),
  `capacity` and `measured_capacity`.
- what jobs do on stacks: `experiments` (`experiment_files`, `settling`), `side_by_side`, `display`.
- `testbed`: the region and its stacks, from the start to their removal.
- checks before anything is built: `settings_check`, `revision_check`, `fit`, `load_choice`.
- Pulumi: `pulumi_project`, `engine_events`, `causes`; settings in `stack_settings`; another's program in
  `other_program`, `foreign_settings`, `program_imports`. What may not be imported runs by `own_programs`.
- `conditions` and `cpu_credits` say how this computer differs from AWS; `processes`, `region_clients`,
  `yaml_file` are helpers.
"""
