"""The command line of heard."""

from heard.cli.main import main

__all__ = ["main"]
