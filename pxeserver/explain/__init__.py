"""Why a machine gets what it gets: its boot, rehearsed with the server's own parts and a copy of its state."""
