"""What a Python module means: scopes, calls, loggers, engines, web applications and what they need."""
