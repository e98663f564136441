CREATE TABLE `inventories` (
	`name` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`requested` bigint NOT NULL DEFAULT 0,
	`requested_sha256` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`requested_force` boolean NOT NULL DEFAULT false,
	`requested_by` varchar(64),
	`answered` bigint NOT NULL DEFAULT 0,
	`answer` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`applied_sha256` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	`applied_at` datetime(3),
	CONSTRAINT `inventories_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
ALTER TABLE `nodes` ADD `forgetting` boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `nodes` ADD `generation` bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `nodes` ADD `offered_fingerprint` varchar(128);--> statement-breakpoint
ALTER TABLE `nodes` ADD `observed_generation` bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `nodes` ADD `dirty` boolean GENERATED ALWAYS AS (`generation` <> `observed_generation`) STORED;--> statement-breakpoint
CREATE INDEX `nodes_dirty` ON `nodes` (`dirty`);