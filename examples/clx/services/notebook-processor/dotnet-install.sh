#!/bin/sh
# Installs a stand-in for the .NET SDK in the steps of the real one: the feed's package first, then the SDK that
# the feed names. usage: dotnet-install.sh PACKAGES-MICROSOFT-PROD.DEB
set -eu

dpkg -i "$1"
channel=$(sed -n 's/^channel=//p' /etc/dotnet/dotnet.conf)

mkdir -p /usr/lib/dotnet
cat > /usr/lib/dotnet/dotnet <<SDK
#!/bin/sh
# Stands for the .NET SDK: knows its version and installs one tool.
set -eu
case "\$*" in
  --version)
    echo "$channel.100"
    ;;
  "tool install --tool-path "*" Microsoft.dotnet-interactive")
    mkdir -p "\$4"
    cp /usr/lib/dotnet/dotnet-interactive "\$4/dotnet-interactive"
    ;;
  *)
    echo "usage: dotnet --version | dotnet tool install --tool-path DIR Microsoft.dotnet-interactive" >&2
    exit 2
    ;;
esac
SDK

cat > /usr/lib/dotnet/dotnet-interactive <<'TOOL'
#!/bin/sh
# Stands for .NET Interactive: registers its kernels below a folder.
set -eu
if [ "$#" -ne 4 ] || [ "$1 $2 $3" != "jupyter install --path" ]; then
  echo "usage: dotnet-interactive jupyter install --path DIR" >&2
  exit 2
fi
for language in csharp fsharp powershell; do
  mkdir -p "$4/.net-$language"
  cat > "$4/.net-$language/kernel.json" <<JSON
{
  "argv": ["/root/.dotnet/tools/dotnet-interactive", "jupyter", "--default-kernel", "$language", "{connection_file}"],
  "display_name": ".NET ($language)",
  "language": "$language"
}
JSON
done
TOOL

chmod 0755 /usr/lib/dotnet/dotnet /usr/lib/dotnet/dotnet-interactive
ln -sf /usr/lib/dotnet/dotnet /usr/bin/dotnet
