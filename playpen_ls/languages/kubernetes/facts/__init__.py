"""What manifests state for other files: pods, Services, keys, overlays, images."""
