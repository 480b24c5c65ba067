"""Groovy as far as Jenkinsfiles need it: tokens, statements, blocks, calls, expressions and strings."""
