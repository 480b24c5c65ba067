"""Language server and command line that check files against the Playpen platform's best practices."""

__version__ = "0.1.0"
