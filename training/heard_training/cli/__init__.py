"""The command line of training."""

from heard_training.cli.main import main

__all__ = ["main"]
