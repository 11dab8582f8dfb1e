#!/bin/bash
# BeforeInstall: stop the placeholder, remove old files and make sure that Python is new enough.
set -euo pipefail
if systemctl is-active --quiet placeholder.service; then
    systemctl disable --now placeholder.service
fi
rm -rf /opt/music-note
if ! "$(dirname "$0")/run.sh" --version >/dev/null 2>&1; then
    dnf install -y python3.11
fi
