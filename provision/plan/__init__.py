"""From a document to the ordered steps that make a machine so, and their text."""
