#!/bin/bash
# Makes the base images that can't be pulled: Debian by debootstrap, the others from it with the Dockerfiles beside
# this script. They have the official images' names and the label `orion.stand-in`. For tests only.
#   stand-ins.sh IMAGE…       e.g. node:24.21.0-trixie-slim mariadb:11.8.9
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOCKER_BUILDKIT=0

has() { docker image inspect "$1" >/dev/null 2>&1; }

if ! has debian:trixie-slim; then
  debootstrap --variant=minbase --include=ca-certificates trixie "$work/debian" >"$work/debootstrap.log" || { tail -5 "$work/debootstrap.log" >&2; exit 1; }
  rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/* "$work"/debian/usr/share/{doc,man,locale}/*
  tar -C "$work/debian" -c . | docker import -c 'CMD ["bash"]' -c 'LABEL orion.stand-in=true' - debian:trixie-slim >/dev/null
fi

for image in "$@"; do
  has "$image" && continue
  kind=${image%%:*}
  cp -r "$here/stand-ins/$kind" "$work/$kind"
  if [ "$kind" = node ]; then
    cp "$(node -p process.execPath)" "$work/node/node"
    cp -r "$(npm root --global)/npm" "$work/node/npm"
    cat /etc/ssl/certs/ca-certificates.crt ${NODE_EXTRA_CA_CERTS:+"$NODE_EXTRA_CA_CERTS"} >"$work/node/ca-certificates.crt"
  fi
  docker build --quiet --tag "$image" "$work/$kind" >/dev/null
done
