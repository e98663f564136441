ALTER TABLE `nodes` ADD `boot_id` varchar(64);--> statement-breakpoint
ALTER TABLE `nodes` ADD `restarted_at` datetime(3);--> statement-breakpoint
ALTER TABLE `nodes` ADD `silent_since` datetime(3);