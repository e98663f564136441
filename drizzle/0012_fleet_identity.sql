CREATE TABLE `fleets` (
	`name` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`id` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `fleets_name` PRIMARY KEY(`name`)
);
--> statement-breakpoint
ALTER TABLE `nodes` ADD `adopt_requested` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `nodes` ADD `other_fleet` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;--> statement-breakpoint
ALTER TABLE `nodes` ADD `adopt_seen` int DEFAULT 0 NOT NULL;