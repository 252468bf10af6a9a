#!/usr/bin/env bash
# Runs a command on a display: the one there is, or a virtual one that ends with the command.
set -euo pipefail
if [ -n "${DISPLAY:-}" ]; then exec "$@"; fi
if ! command -v xvfb-run >/dev/null; then
  echo 'The tests of windows and dialogs need a display or Xvfb: apt-get install xvfb xauth openbox fontconfig fonts-dejavu-core' >&2
  exit 1
fi
exec xvfb-run -a -s '-screen 0 1280x1024x24' "$@"
