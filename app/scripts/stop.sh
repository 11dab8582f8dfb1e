#!/bin/bash
# ApplicationStop: run from the revision being replaced, so not at all on a first deployment.
set -euo pipefail
systemctl stop music-note.service
