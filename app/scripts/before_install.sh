#!/bin/bash
# BeforeInstall: stop the placeholder, remove old files and make sure that there is a Python for which the
# revision has libraries.
set -euo pipefail
if systemctl is-active --quiet placeholder.service; then
    systemctl disable --now placeholder.service
fi
rm -rf /opt/music-note
run="$(dirname "$0")/run.sh"
if ! "$run" --version >/dev/null 2>&1; then
    dnf install -y python3.11
    "$run" --version
fi
