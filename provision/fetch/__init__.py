"""Gets bytes from elsewhere: within a deadline, of a limited size, verified."""
