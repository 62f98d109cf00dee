# Activates the environment ENV_NAME in the shell that sources this.
eval "$("${MAMBA_EXE}" shell hook --shell bash)"

if [[ "${MAMBA_SKIP_ACTIVATE:-0}" != 1 ]]; then
    micromamba activate "${ENV_NAME:-base}"
fi
