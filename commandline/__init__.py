"""What every command line of the project shares: exit codes, expected errors, and the entry point.

- `interpreter` comes first and needs no packages; then `run` builds and runs a command line, with
  `exit_codes`, `errors`, `characters` and `text`.
- options: `options` (values that several have), `option_groups` (declared once for several commands),
  `findings` (checks reported together), `files` that a user names.
- for what commands do: `disk`, `proxies`, `steady_clock`.
"""
