"""A config in another format: what it says is the document, how it is written is the target's own way."""
