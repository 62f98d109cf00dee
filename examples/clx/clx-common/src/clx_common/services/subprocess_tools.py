"""Running the programs that do a service's work."""

import subprocess
from collections.abc import Sequence


class ProgramError(RuntimeError):
    """A program that could not be started, took too long or failed."""


def run(command: Sequence[str], *, stdin: str = "", timeout: float = 60.0) -> str:
    """Runs a program to its end and gives what it wrote; what it complained about is in the error."""
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise ProgramError(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"{command[0]} took longer than {timeout:g} s") from error
    if done.returncode != 0:
        complaint = done.stderr.strip() or "no message"
        raise ProgramError(f"{command[0]} ended with status {done.returncode}: {complaint}")
    return done.stdout
