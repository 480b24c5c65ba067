"""Dockerfile syntax as BuildKit reads it: lines, heredocs, instructions and their words, each with its range."""
