"""A small systemd: unit files, service supervision and systemctl.

- commands: `systemctl` (`systemctl_options`, `presentation`, `installation`, `outcome`), `journalctl`
  (`log_file`).
- `manager` keeps a machine's services and starts them in order (`dependencies`); a `service` is supervised
  through each `activation` of it: `execution`, `main_process`, `notifications`, `exit_status`.
- unit files: `search_path` finds, `unit_file` reads (`syntax`, `specifiers`, `settings_reader`) into `unit`
  and `exec_settings`.
"""
