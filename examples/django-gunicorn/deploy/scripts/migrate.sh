#!/bin/bash
# AfterInstall: the database's schema, and the load test's visitors.
set -euo pipefail
. "$(dirname "$0")/environment.sh"
"$python" manage.py prepare
