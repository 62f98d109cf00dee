#!/usr/bin/env bash
# Runs the container's command inside the activated environment.
set -ef -o pipefail

if [[ "$(< /etc/arg_mamba_user)" != "${MAMBA_USER}" ]]; then
    echo "MAMBA_USER is ${MAMBA_USER}, but the image was made for $(< /etc/arg_mamba_user)" >&2
    exit 1
fi

# An arbitrary uid has no passwd entry, so nobody has set these.
if [[ "$(id -u)" != 0 && -z "${USER:-}" ]]; then
    export USER="${MAMBA_USER}" HOME="/home/${MAMBA_USER}"
fi

source /usr/local/bin/_activate_current_env.sh
exec "$@"
