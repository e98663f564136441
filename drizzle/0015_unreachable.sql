ALTER TABLE `nodes` ADD `unreachable_since` datetime(3);--> statement-breakpoint
UPDATE `nodes` SET `unreachable_since` = CAST(REPLACE(TRIM(TRAILING 'Z' FROM JSON_VALUE(`conditions`, REPLACE(
    JSON_UNQUOTE(JSON_SEARCH(`conditions`, 'one', 'Reachable', NULL, '$[*].type')), '.type', '.lastTransitionTime'))), 'T', ' ') AS DATETIME(3))
  WHERE `unreachable_since` IS NULL AND JSON_CONTAINS(`conditions`, '{"type": "Reachable", "status": "False"}');
