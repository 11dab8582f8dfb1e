#!/bin/bash
# ValidateService: the deployment succeeds only once the service itself passes its health check.
set -euo pipefail
. /opt/haproof/environment
url="http://$APP_HOST:$APP_PORT$HEALTH_PATH"
version=$(cat /opt/music-note/VERSION)
# Once a second: on a t4g.nano, asking takes CPU time from the service that is starting.
for _ in $(seq 1 60); do
    # The placeholder responds on the health path too, but only the service reports its version.
    if curl --silent --fail --max-time 2 --output /dev/null --dump-header - "$url" 2>/dev/null |
        grep -qi "^x-app-version: $version[[:space:]]*\$"
    then
        exit 0
    fi
    sleep 1
done
echo "no response from version $version at $url within 60 s" >&2
systemctl status music-note.service >&2 || true
exit 1
