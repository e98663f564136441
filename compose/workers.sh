#!/bin/sh
# Writes a compose file for N workers, and the inventory that lists them:
#   compose/workers.sh N [FOLDER]      # FOLDER/workers-N.yml and FOLDER/inventory-N.yaml; FOLDER: where this script is
# The five of workers.yml are what it writes for 5.
set -eu

usage() {
  echo "usage: $0 N [FOLDER]   with N from 1 to 1000" >&2
  exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
count=${1:-}
folder=${2:-$here}
case $count in '' | *[!0-9]* | 0*) usage ;; esac
[ "$count" -le 1000 ] || usage
[ -d "$folder" ] || { echo "$0: $folder is not a folder" >&2; exit 1; }
folder=$(cd "$folder" && pwd)
compose=$folder/workers-$count.yml
inventory=$folder/inventory-$count.yaml
first_port=${ORION_FIRST_WORKER_PORT:-22221}

services() {
  i=1
  while [ $i -le "$count" ]; do
    cat <<SERVICE

  worker_$i:
    <<: *worker
    container_name: worker_$i
    hostname: worker_$i
    ports: ["\${ORION_WORKERS_BIND:-0.0.0.0}:$((first_port + i - 1)):22"]
    volumes: ["worker_${i}_keys:/etc/ssh/host_keys"]
SERVICE
    i=$((i + 1))
  done
}

volumes() {
  i=1
  while [ $i -le "$count" ]; do
    echo "  worker_${i}_keys:"
    i=$((i + 1))
  done
}

nodes() {
  i=1
  while [ $i -le "$count" ]; do
    zone=rack-a
    [ $((i % 2)) -eq 1 ] || zone=rack-b
    echo "  - { name: worker_$i, port: $((first_port + i - 1)), zone: $zone, labels: { size: small } }"
    i=$((i + 1))
  done
}

{
  sed -n '1,/^services:/p' "$here/workers.yml" | sed "s#context: ./worker#context: $here/worker#"
  services
  printf '\nnetworks:\n  workers:\n\nvolumes:\n'
  volumes
} >"$compose.new"
{
  sed '/^nodes:/q' "$here/../inventory.yaml"
  nodes
} >"$inventory.new"
mv "$compose.new" "$compose"
mv "$inventory.new" "$inventory"
cat <<DONE
Wrote $compose
  and $inventory
To use them:
  export ORION_INVENTORY_FILE=$inventory
  docker compose -f $here/control-plane.yml up -d
  docker compose --env-file $here/.env -f $compose up -d
DONE
