ALTER TABLE `nodes` ADD `accept_requested` int DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `nodes` ADD `accept_ids` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;--> statement-breakpoint
ALTER TABLE `nodes` ADD `accept_reason` varchar(255);--> statement-breakpoint
ALTER TABLE `nodes` ADD `accept_by` varchar(128);--> statement-breakpoint
ALTER TABLE `nodes` ADD `accept_at` datetime(3);--> statement-breakpoint
ALTER TABLE `nodes` ADD `differences` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;--> statement-breakpoint
ALTER TABLE `nodes` ADD `accept_seen` int DEFAULT 0 NOT NULL;