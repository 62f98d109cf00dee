#!/bin/sh
# Builds the three services with layercake, or with --bake by way of their Dockerfiles.
# usage: build-services.sh [--bake] [SERVICE...]
set -eu
cd "$(dirname "$0")"

python3 make-assets.py

if [ "${1:-}" = --bake ]; then
  shift
  exec docker buildx bake "$@"
fi
exec layercake build "$@"
