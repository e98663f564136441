#!/bin/bash
# The parts of the official image's entry point that the compose file relies on: NAME and NAME_FILE, a database and
# its user made at the first start, the scripts of /docker-entrypoint-initdb.d sourced with docker_process_sql, then
# the server.
set -eo pipefail

file_env() {
  local name=$1 path="${1}_FILE"
  if [ -n "${!path:-}" ]; then
    [ -z "${!name:-}" ] || { echo "both $name and $path are set" >&2; exit 1; }
    export "$name"="$(<"${!path}")"
  fi
}

SOCKET=/run/mysqld/mysqld.sock
docker_process_sql() { mariadb --protocol=socket -uroot --socket=$SOCKET "$@"; }

[ "${1:0:1}" != - ] || set -- mariadbd "$@"
if [ "$1" = mariadbd ] && [ ! -d /var/lib/mysql/mysql ]; then
  for name in MARIADB_ROOT_PASSWORD MARIADB_DATABASE MARIADB_USER MARIADB_PASSWORD; do file_env "$name"; done
  [ -n "$MARIADB_ROOT_PASSWORD" ] || { echo 'MARIADB_ROOT_PASSWORD is not set' >&2; exit 1; }
  mariadb-install-db --datadir=/var/lib/mysql --skip-test-db --auth-root-authentication-method=normal >/dev/null
  "$@" --skip-networking --socket=$SOCKET &
  pid=$!
  for _ in {1..120}; do
    docker_process_sql -e 'SELECT 1' >/dev/null 2>&1 && break
    kill -0 $pid
    sleep 0.5
  done
  [ -z "$MARIADB_DATABASE" ] || docker_process_sql -e "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`"
  if [ -n "$MARIADB_USER" ]; then
    docker_process_sql <<SQL
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';
SQL
  fi
  for script in /docker-entrypoint-initdb.d/*.sh; do
    # shellcheck disable=SC1090
    [ ! -e "$script" ] || . "$script"
  done
  docker_process_sql -e "CREATE USER healthcheck@localhost IDENTIFIED VIA unix_socket; SET PASSWORD FOR root@localhost = PASSWORD('$MARIADB_ROOT_PASSWORD')"
  kill $pid
  wait $pid
fi
unset MARIADB_ROOT_PASSWORD MARIADB_PASSWORD
exec "$@"
