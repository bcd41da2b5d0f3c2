ALTER TABLE machines ADD COLUMN others TEXT NOT NULL DEFAULT '{}'; -- JSON: labels by name
