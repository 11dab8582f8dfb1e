#!/bin/bash
# Builds build/revision/, the CodeDeploy revision: sources, dependencies, appspec.yml and its scripts.
# PYTHON_VERSION is the instances' Python, which compiled libraries depend on.
set -euo pipefail
cd "$(dirname "$0")"
python_version="${PYTHON_VERSION:-3.11}"
rm -rf build/revision
mkdir -p build/revision/app
cp -r deploy/. build/revision
cp -r src/. build/revision/app

install() {
  python3 -m pip install --quiet --no-deps --require-hashes --only-binary :all: --no-compile \
    --disable-pip-version-check --python-version "$python_version" "$@"
}
install --target build/revision/app/lib -r requirements.txt
# Compiled, for Graviton and for x86.
for machine in aarch64 x86_64; do
  install --target "build/revision/app/lib-$machine" --implementation cp \
    --platform "manylinux2014_$machine" --platform "manylinux_2_28_$machine" -r requirements-native.txt
done

find build/revision -name __pycache__ -prune -exec rm -rf {} +
echo "$python_version" >build/revision/app/python-version
version="$(cat requirements*.txt build/revision/app/python-version \
  <(find src deploy -type f -not -path '*/__pycache__/*' | sort | xargs cat) |
  sha256sum | cut -c -12)"
echo "APP_VERSION=$version" >build/revision/app/version.env
echo "built $PWD/build/revision, version $version"
