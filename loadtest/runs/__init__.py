"""The files that a run leaves behind, and how each of them is read.

- `paths` names them; a `journal` is how those that grow are written and read.
- `recording` (requests) becomes a `table`; `probes`, `events`, `host` and `stalls` are read by themselves.
- `computer`: which kind of computer the run was made on.
"""
