#!/bin/bash
# AfterInstall: update the schema and seed the visitors of the load test.
set -euo pipefail
set -a
. /opt/haproof/environment
set +a
/opt/music-note/scripts/run.sh -m music_note migrate
