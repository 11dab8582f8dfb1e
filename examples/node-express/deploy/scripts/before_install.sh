#!/bin/bash
# BeforeInstall: stop the placeholder to free its port, remove old files, install Node if missing.
set -euo pipefail
if systemctl is-active --quiet placeholder.service; then
    systemctl disable --now placeholder.service
fi
rm -rf /home/ec2-user/app
touch /var/log/app.log
chown ec2-user: /var/log/app.log
if ! command -v node >/dev/null; then
    dnf install -y nodejs22
fi
