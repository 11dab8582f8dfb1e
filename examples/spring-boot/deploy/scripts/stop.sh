#!/bin/bash
# ApplicationStop: comes from the revision that is being replaced, and not at all on a first deployment.
set -euo pipefail
systemctl stop app.service
