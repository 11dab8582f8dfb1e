"""Installs and finds the toolchain: Pulumi, Artillery, HAProxy, PostgreSQL, and the sample revision.

- `locate` finds what is installed, below `paths`, in the `versions` that are accepted; it installs nothing.
- `python -m toolchain` installs: `engine` with `language_host`, `artillery`, `system` packages,
  `actionlint`, `optional` tools, and builds the `revision`; `progress` shows it.
- `abandoned` finds what regions left whose directory is gone. `errors` has the only error.
"""
