#!/bin/bash
# ValidateService: the deployment succeeds only once the service itself passes its health check.
set -euo pipefail
. /opt/haproof/environment
url="http://$APP_HOST:$APP_PORT$HEALTH_PATH"
version=$(cat /opt/music-note/VERSION)
# Who is starting gives no answer. Who answers with errors on and on is there, and will not get well: its
# health check asks nobody else.
errors_in_a_row=15
errors=0
# Once a second: on a t4g.nano, asking takes CPU time from the service that is starting.
for _ in $(seq 1 60); do
    head=$(curl --silent --max-time 2 --output /dev/null --dump-header - "$url" 2>/dev/null || true)
    read -r _ status _ <<<"$head" || true
    # The placeholder responds on the health path too, but only the service reports its version.
    if [[ $status == 200 ]] && grep -qi "^x-app-version: $version[[:space:]]*\$" <<<"$head"; then
        exit 0
    fi
    if [[ $status == 5?? ]]; then
        errors=$((errors + 1))
    else
        errors=0
    fi
    if ((errors == errors_in_a_row)); then
        echo "status $status from $url, $errors times in a row" >&2
        systemctl status music-note.service >&2 || true
        exit 1
    fi
    sleep 1
done
echo "no response from version $version at $url within 60 s" >&2
systemctl status music-note.service >&2 || true
exit 1
