"""Read-only images: what they are made of, how they are built, and what their manifests say."""
