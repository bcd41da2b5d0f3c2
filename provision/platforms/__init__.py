"""Where a machine's config comes from: one file a source, told by what is seen of the machine alone."""
