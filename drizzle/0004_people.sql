CREATE TABLE `sessions` (
	`hash` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`token_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	CONSTRAINT `sessions_hash` PRIMARY KEY(`hash`)
);
--> statement-breakpoint
CREATE TABLE `tenants` (
	`name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`max_rentals` int,
	`max_ttl_ms` bigint,
	`requests_per_minute` int,
	`bucket_tokens` double,
	`bucket_at` datetime(3),
	`webhook_secret_version` int NOT NULL DEFAULT 1,
	`updated_at` datetime(3) NOT NULL,
	CONSTRAINT `tenants_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
CREATE TABLE `controls` (
	`name` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`paused` boolean NOT NULL DEFAULT false,
	`paused_reason` varchar(255),
	`paused_by` varchar(128),
	`paused_at` datetime(3),
	`override_requested` bigint NOT NULL DEFAULT 0,
	`override_reason` varchar(255),
	`override_by` varchar(128),
	`override_at` datetime(3),
	`override_used` bigint NOT NULL DEFAULT 0,
	CONSTRAINT `controls_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`message_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`rental_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`tenant` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`type` varchar(64) NOT NULL,
	`url` text NOT NULL,
	`body` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`state` varchar(16) NOT NULL,
	`attempts` int NOT NULL DEFAULT 0,
	`next_attempt_at` datetime(3),
	`last_error` varchar(512),
	`ended_at` datetime(3),
	CONSTRAINT `webhook_deliveries_id` PRIMARY KEY(`id`),
	CONSTRAINT `webhook_deliveries_message` UNIQUE(`message_id`),
	CONSTRAINT `webhook_deliveries_state` CHECK(`state` in ('pending', 'delivered', 'dead'))
);
--> statement-breakpoint
ALTER TABLE `nodes` ADD `maintenance_reason` varchar(255);--> statement-breakpoint
ALTER TABLE `nodes` ADD `maintenance_by` varchar(128);--> statement-breakpoint
ALTER TABLE `nodes` ADD `maintenance_at` datetime(3);--> statement-breakpoint
ALTER TABLE `placements` ADD `applied_expires_at` datetime(3);--> statement-breakpoint
ALTER TABLE `rentals` ADD `queue_estimate_at` datetime(3);--> statement-breakpoint
ALTER TABLE `rentals` ADD `told_before_end_ms` int;--> statement-breakpoint
CREATE INDEX `sessions_token` ON `sessions` (`token_id`);--> statement-breakpoint
CREATE INDEX `sessions_expires` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`state`,`next_attempt_at`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_rental` ON `webhook_deliveries` (`rental_id`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_tenant` ON `webhook_deliveries` (`tenant`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_ended` ON `webhook_deliveries` (`ended_at`);