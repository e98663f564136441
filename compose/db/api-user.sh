#!/bin/bash
# Run once, by the database's own first start: the API may read and write rows, and change no table.
password=$(</run/secrets/db_api_password)
docker_process_sql --database=mysql <<SQL
CREATE USER 'orion_api'@'%' IDENTIFIED BY '${password//[^A-Za-z0-9_-]/}';
GRANT SELECT, INSERT, UPDATE, DELETE ON \`${MARIADB_DATABASE}\`.* TO 'orion_api'@'%';
SQL
