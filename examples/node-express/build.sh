#!/bin/bash
# Builds build/revision/, the CodeDeploy revision: sources, dependencies, appspec.yml and its scripts.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf build/revision
mkdir -p build/revision/app
cp -r deploy/. build/revision
cp -r package.json src build/revision/app
if [ -f package-lock.json ]; then
  cp package-lock.json build/revision/app
  # No links to commands: a revision has no use for them.
  npm ci --silent --omit=dev --no-bin-links --ignore-scripts --no-audit --no-fund \
    --prefix build/revision/app
fi
version="$(cat package*.json <(find src deploy -type f | sort | xargs cat) | sha256sum | cut -c -12)"
echo "APP_VERSION=$version" >build/revision/app/version.env
echo "built $PWD/build/revision, version $version"
