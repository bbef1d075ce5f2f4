"""``heard serve``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heard.cli.options import MODEL_HELP
from heard.errors import InputError
from heard.session import available_cpus

__all__ = ["add_to"]


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add this command to the command line's."""
    serve = commands.add_parser("serve", help="serve over HTTP: an API and a page to look at")
    serve.set_defaults(run=_serve)

    def option(
        name: str, kind: Callable[..., object], default: object, text: str, metavar: str = "N"
    ) -> None:
        serve.add_argument(name, type=kind, default=default, metavar=metavar, help=text)

    option("--host", str, "127.0.0.1", "address to listen on (default: this machine alone)", "HOST")
    option("--port", int, 8080, "port to listen on (default 8080; 0: any free one)", "PORT")
    option("--workers", int, 1, "server processes (default 1)")
    option("--threads", int, None, "threads of each that run the model (default: CPUs / processes)")
    option("--model", Path, None, MODEL_HELP, "PATH")
    option("--playbook", Path, None, "your own playbook", "FOLDER")
    option("--keys", Path, None, "API keys, one a line; or in $HEARD_API_KEYS", "FILE")
    option("--admin-keys", Path, None, "keys for reloading; or in $HEARD_ADMIN_KEYS", "FILE")
    serve.add_argument("--no-auth", action="store_true", help="let anybody in, from anywhere")
    option("--feedback", Path, None, "keep agents' corrections in this SQLite file", "FILE")
    serve.add_argument("--store-texts", action="store_true", help="keep the messages with them")
    option("--keep-days", int, 365, "days after which feedback is deleted (default 365)")
    option("--max-body", int, 4 * 1024 * 1024, "bytes a request may have (default 4 MiB)")
    option("--max-items", int, 256, "messages a request may hold (default 256)")
    option("--max-characters", int, 100_000, "characters a message may have (default 100000)")
    option("--max-waiting", int, 1024, "messages that may wait before 429 (default 1024)")
    option("--batch", int, 8, "most messages in one pass of the model (default 8)")
    option("--timeout", float, 2.0, "seconds for a request that names none (default 2)", "S")
    option("--drain", int, 10, "seconds that running requests get at the end (default 10)", "S")


def _serve(arguments: argparse.Namespace) -> int:
    try:
        from heard.serve.run import run  # only here: the library must do without
        from heard.serve.settings import Settings
    except ImportError as error:
        raise InputError(
            f"The service needs {error.name}: install it with pip install 'heard[serve]'."
        ) from error
    settings = Settings(
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        runners=arguments.threads or max(1, available_cpus() // max(1, arguments.workers)),
        model=arguments.model,
        playbook=arguments.playbook,
        keys=arguments.keys,
        admin_keys=arguments.admin_keys,
        no_auth=arguments.no_auth,
        feedback=arguments.feedback,
        store_texts=arguments.store_texts,
        keep_days=arguments.keep_days,
        max_body=arguments.max_body,
        max_items=arguments.max_items,
        max_characters=arguments.max_characters,
        max_waiting=arguments.max_waiting,
        batch_messages=arguments.batch,
        timeout=arguments.timeout,
        drain_seconds=arguments.drain,
    )

    def announce(address: str) -> None:
        sys.stderr.write(f"heard serves at {address} (its documentation: {address}/docs)\n")
        sys.stderr.flush()

    run(settings, announce)
    return 0
