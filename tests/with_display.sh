#!/usr/bin/env bash
# Runs a command on a display: the one there is, or a virtual one with a window manager that ends with the command.
set -euo pipefail
if [ -n "${DISPLAY:-}" ]; then exec "$@"; fi
for program in xvfb-run xauth openbox; do
  command -v "$program" >/dev/null && continue
  echo "The tests of windows need a display, or $program for a virtual one:" >&2
  echo '  apt-get install xvfb xauth openbox fontconfig fonts-dejavu-core' >&2
  exit 1
done
# Without a window manager windows get the keyboard only now and then.
exec xvfb-run -a -s '-screen 0 1280x1024x24' sh -c 'openbox & exec "$@"' sh "$@"
