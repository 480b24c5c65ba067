"""What a manifest means: documents, objects, workloads, containers and references between them."""
