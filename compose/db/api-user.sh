#!/bin/bash
# Run once, at the database's first start: makes a user for the API with the rights in api-grants.sql, and no others.
password=$(</run/secrets/db_api_password)
docker_process_sql --database=mysql <<SQL
CREATE USER 'orion_api'@'%' IDENTIFIED BY '${password//[^A-Za-z0-9_-]/}';
SQL
docker_process_sql --database="$MARIADB_DATABASE" </etc/orion/api-grants.sql
