#!/bin/bash
# ApplicationStart.
set -euo pipefail
systemctl daemon-reload
systemctl enable /opt/music-note/music-note.service
systemctl restart music-note.service
