"""Words on which several languages must agree: image references, secrets, hosts, names."""
