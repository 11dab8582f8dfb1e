#!/bin/bash
# ApplicationStart.
set -euo pipefail
cd /home/ec2-user/app
set -a
. /opt/haproof/environment
. ./version.env
set +a
export NODE_ENV=production PORT="$APP_PORT"
# All output redirected: the agent waits until nothing holds the script's own any more. The heap fits a
# t4g.nano's 512 MiB.
nohup node --max-old-space-size=160 /home/ec2-user/app/src/server.js >/var/log/app.log 2>&1 </dev/null &
echo $! >/tmp/app.pid
