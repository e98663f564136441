CREATE TABLE `api_tokens` (
	`id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`name` varchar(255),
	`hash` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`tenant` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`role` varchar(16) NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`expires_at` datetime(3),
	`revoked_at` datetime(3),
	CONSTRAINT `api_tokens_id` PRIMARY KEY(`id`),
	CONSTRAINT `api_tokens_hash` UNIQUE(`hash`),
	CONSTRAINT `api_tokens_role` CHECK(`role` in ('tenant', 'admin'))
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`seq` bigint,
	`type` varchar(64) NOT NULL,
	`at` datetime(3) NOT NULL,
	`rental_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`node` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`tenant` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`reason` varchar(64) NOT NULL,
	`message` text NOT NULL,
	`object` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	CONSTRAINT `events_id` PRIMARY KEY(`id`),
	CONSTRAINT `events_seq` UNIQUE(`seq`)
);
--> statement-breakpoint
CREATE TABLE `leases` (
	`name` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`holder` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`token` bigint NOT NULL,
	`seq` bigint NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	CONSTRAINT `leases_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
CREATE TABLE `nodes` (
	`name` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`host` varchar(255) NOT NULL,
	`port` int NOT NULL,
	`user` varchar(64) NOT NULL,
	`private_key_path` text NOT NULL,
	`pinned_host_key` text,
	`client_host` varchar(255) NOT NULL,
	`client_port` int NOT NULL,
	`zone` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`labels` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`retiring` boolean NOT NULL DEFAULT false,
	`cordoned` boolean NOT NULL DEFAULT false,
	`draining` boolean NOT NULL DEFAULT false,
	`clean_requested` int NOT NULL DEFAULT 0,
	`trusted_fingerprint` varchar(128),
	`status` varchar(16) NOT NULL,
	`state` varchar(16) NOT NULL,
	`state_since` datetime(3) NOT NULL,
	`host_key` text,
	`conditions` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`prepared_at` datetime(3),
	`verified_at` datetime(3),
	`attempt` int NOT NULL DEFAULT 0,
	`next_attempt_at` datetime(3),
	`last_failed_at` datetime(3),
	`next_uid` int NOT NULL,
	`clean_seen` int NOT NULL DEFAULT 0,
	`resource_version` bigint NOT NULL,
	`last_checked_at` datetime(3),
	CONSTRAINT `nodes_name` PRIMARY KEY(`name`),
	CONSTRAINT `nodes_status` CHECK(`status` in ('alive', 'dead', 'unknown')),
	CONSTRAINT `nodes_state` CHECK(`state` in ('unknown', 'free', 'provisioning', 'allocated', 'cleaning', 'quarantined', 'dead'))
);
--> statement-breakpoint
CREATE TABLE `placements` (
	`epoch` bigint NOT NULL,
	`rental_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`node` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`role` varchar(16) NOT NULL,
	`account` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`uid` int NOT NULL,
	`started_at` datetime(3) NOT NULL,
	`ready_at` datetime(3),
	`applied_key` text,
	`ended_at` datetime(3),
	`end_reason` varchar(64),
	`cleaned_at` datetime(3),
	`live_node` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (if(`ended_at` is null, `node`, null)) STORED,
	`live_rental_role` varchar(81) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (if(`ended_at` is null, concat(`rental_id`, '/', `role`), null)) STORED,
	CONSTRAINT `placements_epoch` PRIMARY KEY(`epoch`),
	CONSTRAINT `placements_live_node` UNIQUE(`live_node`),
	CONSTRAINT `placements_live_rental_role` UNIQUE(`live_rental_role`),
	CONSTRAINT `placements_role` CHECK(`role` in ('serving', 'incoming'))
);
--> statement-breakpoint
CREATE TABLE `rentals` (
	`id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`tenant` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`name` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`account` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`created_at` datetime(3) NOT NULL,
	`idempotency_key` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`request_hash` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`generation` bigint NOT NULL,
	`renewed_at` datetime(3),
	`release_requested_at` datetime(3),
	`spec` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`dirty` boolean NOT NULL,
	`phase` varchar(16) NOT NULL,
	`observed_generation` bigint NOT NULL,
	`conditions` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`expires_at` datetime(3),
	`queue_position` int,
	`lost_at` datetime(3),
	`ended_at` datetime(3),
	`resource_version` bigint NOT NULL,
	`live_name` varchar(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin GENERATED ALWAYS AS (if(`ended_at` is null, `name`, null)) STORED,
	CONSTRAINT `rentals_id` PRIMARY KEY(`id`),
	CONSTRAINT `rentals_live_name` UNIQUE(`tenant`,`live_name`),
	CONSTRAINT `rentals_idempotency_key` UNIQUE(`tenant`,`idempotency_key`),
	CONSTRAINT `rentals_phase` CHECK(`phase` in ('Pending', 'Provisioning', 'Active', 'Migrating', 'Lost', 'Releasing', 'Released', 'Failed'))
);
--> statement-breakpoint
CREATE INDEX `events_rental` ON `events` (`rental_id`,`seq`);--> statement-breakpoint
CREATE INDEX `events_node` ON `events` (`node`,`seq`);--> statement-breakpoint
CREATE INDEX `events_type` ON `events` (`type`,`seq`);--> statement-breakpoint
CREATE INDEX `events_tenant` ON `events` (`tenant`,`seq`);--> statement-breakpoint
CREATE INDEX `placements_rental` ON `placements` (`rental_id`,`epoch`);--> statement-breakpoint
CREATE INDEX `placements_node` ON `placements` (`node`,`cleaned_at`);--> statement-breakpoint
CREATE INDEX `placements_cleaned` ON `placements` (`cleaned_at`);--> statement-breakpoint
CREATE INDEX `rentals_dirty` ON `rentals` (`dirty`);--> statement-breakpoint
CREATE INDEX `rentals_ended` ON `rentals` (`ended_at`);--> statement-breakpoint
CREATE INDEX `rentals_page` ON `rentals` (`tenant`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `rentals_page_all` ON `rentals` (`created_at`,`id`);