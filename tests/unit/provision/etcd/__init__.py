"""Section `etcd`."""
