#!/bin/bash
# Builds build/revision/, the CodeDeploy revision: sources, dependencies, appspec.yml and its scripts.
set -euo pipefail
cd "$(dirname "$0")"
rm -rf build/revision
mkdir -p build/revision/app
cp -r deploy/. build/revision
cp -r package.json package-lock.json src build/revision/app
# No links to commands: a revision has no use for them.
npm ci --silent --omit=dev --no-bin-links --ignore-scripts --no-audit --no-fund \
  --prefix build/revision/app
version="$(cat package-lock.json <(find src deploy -type f | sort | xargs cat) | sha256sum | cut -c -12)"
echo "APP_VERSION=$version" >build/revision/app/version.env
echo "built examples/node-express/build/revision, version $version"
