#!/bin/bash
# ApplicationStart, as root: nginx in front of gunicorn, where it is installed.
set -euo pipefail
if command -v nginx >/dev/null; then
    . /opt/haproof/environment
    sed -i "s/listen APP_PORT/listen $APP_PORT/" /etc/nginx/conf.d/app.conf
    systemctl restart nginx
fi
