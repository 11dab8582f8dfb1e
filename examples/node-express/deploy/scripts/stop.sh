#!/bin/bash
# ApplicationStop: comes from the revision that is being replaced, and not at all on a first deployment.
set -uo pipefail
readonly program=/home/ec2-user/app/src/server.js
if [ -f /tmp/app.pid ]; then
    kill "$(cat /tmp/app.pid)"
    rm -f /tmp/app.pid
fi
# Whatever the file did not name: /tmp is empty after a reboot.
pkill -f "$program"
for _ in $(seq 1 30); do
    pgrep -f "$program" >/dev/null || exit 0
    sleep 1
done
pkill -KILL -f "$program"
exit 0
