"""Rules for Jenkinsfiles."""
