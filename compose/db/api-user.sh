#!/bin/bash
# Run once, by the database's own first start: a user for the API that may do what api-grants.sql lists, and no more.
password=$(</run/secrets/db_api_password)
docker_process_sql --database=mysql <<SQL
CREATE USER 'orion_api'@'%' IDENTIFIED BY '${password//[^A-Za-z0-9_-]/}';
SQL
docker_process_sql --database="$MARIADB_DATABASE" </etc/orion/api-grants.sql
