ALTER TABLE `tenants` MODIFY COLUMN `updated_at` datetime(3);--> statement-breakpoint
ALTER TABLE `tenants` ADD `max_waits` int;--> statement-breakpoint
ALTER TABLE `tenants` ADD `max_watches` int;