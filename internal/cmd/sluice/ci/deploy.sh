#!/bin/sh
# Installs a release of Sluice's command for Linux, and starts a deployment with it. The arguments are
# more arguments of 'sluice start'. The exit status is that of 'sluice start --wait'.
set -eu
version="${SLUICE_VERSION:?say which release to use, such as 0.1.0}"
case "$(uname -m)" in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "There is no release for this processor." >&2 && exit 2 ;;
esac
archive="sluice_${version}_linux_${arch}.tar.gz"
from="${SLUICE_RELEASES:-https://github.com/sluice-aws/sluice/releases/download}/v$version"
for file in "$archive" checksums.txt; do
  curl --fail --silent --show-error --location --retry 5 --output "$file" "$from/$file"
done
grep " $archive\$" checksums.txt | sha256sum -c - >&2
tar -xzf "$archive" sluice
exec ./sluice start --wait --file deployment.json "$@"
