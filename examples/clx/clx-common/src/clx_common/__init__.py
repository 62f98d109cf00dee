"""What the services of CLX share."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("clx-common")
except PackageNotFoundError:
    # Run from a checkout.
    __version__ = "0+checkout"
