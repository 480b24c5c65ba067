"""What a Jenkinsfile means: the declarative pipeline, steps, credentials, constants and images."""
