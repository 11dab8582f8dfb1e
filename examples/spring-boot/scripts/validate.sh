#!/bin/bash
# ValidateService: the deployment counts only once the application itself answers on its health path.
set -euo pipefail
. /opt/haproof/environment
url="http://$APP_HOST:$APP_PORT$HEALTH_PATH"
# Java starts slowly on an instance without CPU credits.
for _ in $(seq 1 240); do
    # The placeholder answers the health path too, and identifies itself in a header.
    if headers=$(curl --silent --fail --max-time 5 --output /dev/null --dump-header - "$url") &&
        ! grep -qi '^server: haproof-placeholder' <<<"$headers"
    then
        exit 0
    fi
    sleep 1
done
echo "no answer from $url within 240 s" >&2
systemctl status app.service >&2 || true
exit 1
