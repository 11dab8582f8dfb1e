#!/bin/bash
# ValidateService: the deployment counts only once the service itself answers on its health path.
set -euo pipefail
. /opt/haproof/environment
url="http://$APP_HOST:$APP_PORT$HEALTH_PATH"
version=$(cat /opt/music-note/VERSION)
for _ in $(seq 1 300); do
    # The placeholder answers the health path too; only the service tells its version.
    if curl --silent --fail --max-time 2 --output /dev/null --dump-header - "$url" 2>/dev/null |
        tr -d '\r' | grep -qi "^x-app-version: $version\$"
    then
        exit 0
    fi
    sleep 0.2
done
echo "no answer of version $version from $url within 60 s" >&2
systemctl status music-note.service >&2 || true
exit 1
