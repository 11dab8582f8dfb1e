#!/bin/bash
# Run the newest Python (3.11 or later) on this machine, with the revision's own libraries. On Amazon
# Linux 2023 python3 is 3.9, so the name alone is not enough.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD/lib:$PWD" PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then
        [ "${1:-}" = "--which" ] && exec command -v "$candidate"
        exec "$candidate" "$@"
    fi
done
echo "music-note needs Python 3.11 or newer and found none on PATH=$PATH" >&2
exit 1
