ALTER TABLE `nodes` ADD `quarantined_at` datetime(3);--> statement-breakpoint
ALTER TABLE `nodes` ADD `last_cleaning_reason` varchar(64);--> statement-breakpoint
ALTER TABLE `rentals` ADD `listener_fill` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;--> statement-breakpoint
UPDATE `nodes` SET `quarantined_at` = `state_since`
  WHERE `quarantined_at` IS NULL AND (`state` = 'quarantined'
    OR (`state` = 'dead' AND JSON_CONTAINS(`conditions`, '{"type": "Clean", "reason": "Quarantined"}')));