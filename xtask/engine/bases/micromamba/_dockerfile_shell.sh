#!/usr/bin/env bash
# The shell of RUN instructions: the environment is active where the build argument
# MAMBA_DOCKERFILE_ACTIVATE is 1.
set -ef -o pipefail

if [[ "${MAMBA_DOCKERFILE_ACTIVATE:-0}" == 1 ]]; then
    source /usr/local/bin/_activate_current_env.sh
fi
exec bash -o pipefail -c "$@"
