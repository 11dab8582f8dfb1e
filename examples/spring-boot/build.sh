#!/bin/bash
# Builds build/revision/, the CodeDeploy revision: the jar, its unit, appspec.yml and its scripts.
set -euo pipefail
cd "$(dirname "$0")"
mvn --quiet --batch-mode package
rm -rf build/revision
mkdir -p build/revision/app
cp -r deploy/. build/revision
cp build/maven/app.jar build/revision/app
version="$(cat pom.xml <(find src deploy -type f | sort | xargs cat) | sha256sum | cut -c -12)"
echo "APP_VERSION=$version" >build/revision/app/version.env
echo "built $PWD/build/revision, version $version"
