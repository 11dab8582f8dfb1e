#!/bin/bash
# BeforeInstall: stop the placeholder to free its port, remove old files, install Python and nginx if
# missing. Without nginx, gunicorn serves directly.
set -euo pipefail
python="python$(cat "$(dirname "$0")/../app/python-version")"
if systemctl is-active --quiet placeholder.service; then
    systemctl disable --now placeholder.service
fi
rm -rf /home/ec2-user/app
touch /var/log/app.log
chown ec2-user: /var/log/app.log
if ! command -v "$python" >/dev/null; then
    dnf install -y "$python"
fi
if ! command -v nginx >/dev/null && command -v dnf >/dev/null; then
    dnf install -y nginx || echo "nginx cannot be installed: gunicorn serves directly"
fi
