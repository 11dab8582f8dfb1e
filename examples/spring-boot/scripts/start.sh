#!/bin/bash
# ApplicationStart.
set -euo pipefail
systemctl daemon-reload
systemctl enable /opt/app/app.service
systemctl restart app.service
