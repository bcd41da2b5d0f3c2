"""What one machine gets: its config from template and variables, and everything its boot script needs."""
