"""Debian's `site` module is frozen into the interpreter and knows dist-packages only;
this makes site-packages what it is everywhere else."""

import site
import sys


def getsitepackages(prefixes=None):
    return [f"{prefix}/lib/python3.11/site-packages" for prefix in prefixes or [sys.prefix]]


site.getsitepackages = getsitepackages
site.addsitedir(getsitepackages()[0])
