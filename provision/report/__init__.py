"""What happens on a machine, told to its console and to the server."""
