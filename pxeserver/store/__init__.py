"""Runtime state: what must survive the server's own death."""
