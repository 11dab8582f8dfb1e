#!/bin/bash
# Run a Python for which the revision has its compiled libraries; these have Python and architecture in
# their file names. On Amazon Linux 2023 that is python3.11; python3 is 3.9.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD/lib:$PWD" PYTHONDONTWRITEBYTECODE=1
# -S: the revision brings all of its libraries. To look for more on the instance takes longer than Python
# itself, at each start and in each hook.
shopt -s nullglob
names=()
for library in lib/uvloop/loop.cpython-3*-"$(uname -m)"-linux-gnu.so; do
    version=${library#*.cpython-3}
    name=python3.${version%%-*}
    if "$name" -S -c '' >/dev/null 2>&1; then
        exec "$name" -S "$@"
    fi
    names+=("$name")
done
echo "music-note finds none of the Pythons that this revision has libraries for on $(uname -m):" \
    "${names[*]:-none at all} (PATH=$PATH)" >&2
exit 1
