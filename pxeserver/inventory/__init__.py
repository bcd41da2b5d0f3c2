"""The operator's files: which machines there are, and what each of them shall be."""
