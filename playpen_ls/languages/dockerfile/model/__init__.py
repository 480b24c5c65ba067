"""What a Dockerfile means: stages, variables in scope, users, container paths, and what BuildKit would refuse."""
