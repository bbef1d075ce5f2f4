"""``python -m heard_training.cli`` is ``heard-train``."""

from heard_training.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
