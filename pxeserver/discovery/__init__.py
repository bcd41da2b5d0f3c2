"""etcd discovery, version 2: how the first members of a cluster find each other."""
