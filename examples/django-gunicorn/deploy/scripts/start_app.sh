#!/bin/bash
# ApplicationStart, as the application's user.
set -euo pipefail
. "$(dirname "$0")/environment.sh"
bind="0.0.0.0:$APP_PORT"
if command -v nginx >/dev/null; then
    bind=127.0.0.1:8000
fi
# Loaded once and then forked: a t4g.nano's CPU and memory do not suffice for loading it twice. A
# db.t4g.micro accepts about 80 connections, one for each thread of up to nine instances.
"$python" -m gunicorn config.wsgi --bind "$bind" --preload --workers 2 --threads 2 --keep-alive 65 \
    --daemon --pid /tmp/app.pid --log-file /var/log/app.log --capture-output --no-control-socket
