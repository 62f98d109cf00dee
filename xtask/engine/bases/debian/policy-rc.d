#!/bin/sh
# No daemon is started while packages are installed in a build.
exit 101
