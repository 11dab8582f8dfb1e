#!/bin/bash
# ApplicationStart.
set -euo pipefail
systemctl daemon-reload
systemctl enable app.service
systemctl restart app.service
