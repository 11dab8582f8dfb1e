#!/bin/bash
# ApplicationStop: comes from the revision that is being replaced, and not at all on a first deployment.
set -uo pipefail
if systemctl is-active --quiet nginx; then
    systemctl stop nginx
fi
if [ -f /tmp/app.pid ]; then
    kill "$(cat /tmp/app.pid)"
fi
for _ in $(seq 1 35); do
    pgrep -f "gunicorn config.wsgi" >/dev/null || exit 0
    sleep 1
done
pkill -KILL -f "gunicorn config.wsgi"
exit 0
