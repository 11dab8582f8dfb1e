"""A small systemd: unit files, service supervision and systemctl."""
