#!/bin/sh
# Starts what draw.io needs around it, where it is installed, then hands over to the converter.
set -eu

case "${1:-}" in
  --version | --help | health) exec python -m drawio_converter.drawio_converter "$@" ;;
esac

if command -v dbus-daemon > /dev/null; then
  mkdir -p /run/dbus
  rm -f /run/dbus/pid
  dbus-daemon --system --fork
fi

if command -v Xvfb > /dev/null; then
  export DISPLAY="${DISPLAY:-:99}"
  Xvfb "$DISPLAY" -screen 0 1280x1024x24 -nolisten tcp &
fi

exec python -m drawio_converter.drawio_converter "$@"
