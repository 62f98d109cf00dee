#!/bin/sh
# Lays out Debian's Python 3.11 as a conda package does: everything below one prefix
# that may lie anywhere, with the shared libraries it needs beyond libc.
set -eu

prefix=$1
lib=$prefix/lib/python3.11
mkdir -p "$prefix/bin" "$lib"

cp -a /usr/lib/python3.11/. "$lib/"
rm -rf "$lib/EXTERNALLY-MANAGED" "$lib/sitecustomize.py" "$lib/ensurepip" "$lib/test"
find "$lib" -depth -name __pycache__ -exec rm -r {} +
mkdir "$lib/site-packages"
touch "$lib/site-packages/README.txt"

cp /usr/bin/python3.11 "$prefix/bin/"
ln -s python3.11 "$prefix/bin/python3"
ln -s python3.11 "$prefix/bin/python"

# What a minimal image may lack. libc's own libraries must be those of the system.
ldd "$prefix/bin/python3.11" "$lib"/lib-dynload/*.so \
    | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u \
    | grep -vE '/(libc|libm|libresolv|libpthread|libdl|librt|ld-linux[^/]*)\.so' \
    | xargs -I{} cp -L {} "$prefix/lib/"
patchelf --set-rpath '$ORIGIN/../lib' "$prefix/bin/python3.11"
patchelf --set-rpath '$ORIGIN/../..' "$lib"/lib-dynload/*.so
patchelf --set-rpath '$ORIGIN' "$prefix"/lib/*.so.*

# Debian installs into dist-packages; conda's Python into site-packages.
sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" "$lib/sysconfig.py"
cp /sitecustomize.py "$lib/"

"$prefix/bin/python" -I - "$lib/site-packages" <<'PYTHON'
import bz2, ctypes, hashlib, lzma, readline, sqlite3, ssl, sys, sysconfig, zlib

site_packages = sys.argv[1]
assert sysconfig.get_path("purelib") == site_packages, sysconfig.get_path("purelib")
assert site_packages in sys.path, sys.path
PYTHON
find "$lib" -depth -name __pycache__ -exec rm -r {} +
