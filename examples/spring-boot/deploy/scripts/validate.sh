#!/bin/bash
# ValidateService: the deployment counts only once this revision answers on the health path.
set -euo pipefail
. /opt/haproof/environment
. /home/ec2-user/app/version.env
url="http://localhost:$APP_PORT$HEALTH_PATH"
# appspec.yml ends this script after five minutes.
for _ in $(seq 1 280); do
    # An application that tells no version is believed: before_install.sh has ended the placeholder.
    if headers=$(curl --silent --fail --max-time 5 --output /dev/null --dump-header - "$url") &&
        version=$(grep -i "^x-app-version:" <<<"$headers" || true) &&
        { [ -z "$version" ] || grep -qi "^x-app-version: $APP_VERSION" <<<"$version"; }
    then
        exit 0
    fi
    sleep 1
done
echo "no answer from version $APP_VERSION at $url" >&2
systemctl status app.service >&2 || true
exit 1
