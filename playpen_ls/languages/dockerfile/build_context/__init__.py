"""The build context of a Dockerfile: which folder it is, what .dockerignore leaves out, what COPY sources name."""
