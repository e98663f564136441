-- What the API's user of the database may do, table by table: read and add to the history, and never change or delete
-- an entry of it; no lease, no schema. Run by root in Orion's database, at its first start by api-user.sh and after an
-- upgrade by hand (docs/operations.md). Any number of times, also before there are tables: that is what CREATE is for,
-- without which MariaDB refuses a table that is not there, and it is taken back at once.
GRANT CREATE, SELECT, UPDATE ON nodes TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON rentals TO 'orion_api'@'%';
GRANT CREATE, SELECT ON placements TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT ON events TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON inventories TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON controls TO 'orion_api'@'%';
GRANT CREATE, SELECT, UPDATE, DELETE ON webhook_deliveries TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON api_tokens TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, UPDATE ON tenants TO 'orion_api'@'%';
GRANT CREATE, SELECT, INSERT, DELETE ON sessions TO 'orion_api'@'%';
GRANT CREATE, SELECT ON schema_migrations TO 'orion_api'@'%';
REVOKE CREATE ON nodes FROM 'orion_api'@'%';
REVOKE CREATE ON rentals FROM 'orion_api'@'%';
REVOKE CREATE ON placements FROM 'orion_api'@'%';
REVOKE CREATE ON events FROM 'orion_api'@'%';
REVOKE CREATE ON inventories FROM 'orion_api'@'%';
REVOKE CREATE ON controls FROM 'orion_api'@'%';
REVOKE CREATE ON webhook_deliveries FROM 'orion_api'@'%';
REVOKE CREATE ON api_tokens FROM 'orion_api'@'%';
REVOKE CREATE ON tenants FROM 'orion_api'@'%';
REVOKE CREATE ON sessions FROM 'orion_api'@'%';
REVOKE CREATE ON schema_migrations FROM 'orion_api'@'%';
-- Versions before this one gave it every table, for ever: taken back last, so that a running API never stands without.
GRANT SELECT, INSERT, UPDATE, DELETE ON * TO 'orion_api'@'%';
REVOKE SELECT, INSERT, UPDATE, DELETE ON * FROM 'orion_api'@'%';
