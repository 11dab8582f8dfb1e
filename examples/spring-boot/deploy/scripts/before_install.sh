#!/bin/bash
# BeforeInstall: stop the placeholder to free its port, remove old files, install Java if missing.
set -euo pipefail
if systemctl is-active --quiet placeholder.service; then
    systemctl disable --now placeholder.service
fi
rm -rf /home/ec2-user/app
if ! command -v java >/dev/null; then
    dnf install -y java-17-amazon-corretto-headless
fi
