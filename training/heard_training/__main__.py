"""``python -m heard_training`` is ``heard-train``; so is ``torchrun -m heard_training``."""

from heard_training.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
