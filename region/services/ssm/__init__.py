"""Run Command of AWS Systems Manager in the local region.

- calls: `patches`, with `send_command_checks`, `selection` and `descriptions`; `document_patches` and
  `parameter_patches` for documents and parameters.
- `controller` runs commands on the `managed_nodes`; `commands` has their states, `platform` what a node
  reports, `records` what is kept.
"""
