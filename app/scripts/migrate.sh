#!/bin/bash
# AfterInstall: brings the schema up to date and seeds the visitors of the load test.
set -euo pipefail
set -a
. /opt/haproof/environment
set +a
/opt/music-note/scripts/run.sh -m music_note migrate
