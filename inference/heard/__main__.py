"""``python -m heard`` is ``heard``."""

from heard.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
