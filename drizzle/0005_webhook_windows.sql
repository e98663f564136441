ALTER TABLE `tenants` ADD `webhook_rotated_at` datetime(3);--> statement-breakpoint
ALTER TABLE `webhook_deliveries` ADD `give_up_at` datetime(3) NOT NULL;