"""Starts the server processes, and ends them well."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from heard.bundle import default_path, read_bundle
from heard.errors import InputError
from heard.serve.app import create_app
from heard.serve.keys import KEYS_VARIABLE, KeyRing
from heard.serve.logs import configure_logs
from heard.serve.metrics import MULTIPROCESS_VARIABLE
from heard.serve.protocol import BoundedProtocol
from heard.serve.settings import Settings

__all__ = ["run"]

#: Connections beyond those being served that the system holds for us.
_BACKLOG = 2048


def run(settings: Settings, announce: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT; what is running then is given time to end.

    ``announce`` is told the address once it is bound.

    Raises:
        InputError: for settings that are refused, and an address that cannot be bound.
        BundleError: for a bundle that cannot serve.
    """
    keys = KeyRing(settings.keys, KEYS_VARIABLE)
    if not keys and not settings.local and not settings.no_auth:
        raise InputError(
            f"{settings.host} can be reached from other machines: name a file of keys with --keys, "
            "or let anybody in with --no-auth."
        )
    read_bundle(settings.model or default_path())
    with tempfile.TemporaryDirectory(prefix="heard-") as folder, _bind(settings) as listening:
        several = settings.workers > 1
        _try_out(settings)
        if several:
            board, figures = Path(folder, "board"), Path(folder, "metrics")
            board.mkdir()
            figures.mkdir()
            settings = replace(settings, board=board)
            os.environ[MULTIPROCESS_VARIABLE] = str(figures)
        host, port = listening.getsockname()[:2]
        announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        config = uvicorn.Config(
            partial(_app, settings),
            factory=True,
            workers=settings.workers,
            backlog=_BACKLOG,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # no route asks where a request came from
            timeout_graceful_shutdown=settings.drain_seconds,
            timeout_keep_alive=75,
            http=BoundedProtocol,
        )
        if several:
            Multiprocess(config, sockets=[listening]).run()
            return
        # uvicorn raises the signal again when all is done, which would end us by it: exit code
        # 0 says that the end was orderly.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        uvicorn.Server(config).run(sockets=[listening])


def _app(settings: Settings) -> FastAPI:
    """Build the application in the process that runs it."""
    configure_logs()
    return create_app(settings)


def _try_out(settings: Settings) -> None:
    """Build the application once, so that what is wrong is told here, in one sentence."""
    service = create_app(settings).state.service
    service.batcher.close()
    if service.feedback is not None:
        service.feedback.close()


def _ignore(*_: Any) -> None:  # noqa: ANN401 - a signal's number and frame
    return


def _bind(settings: Settings) -> socket.socket:
    """Bind the address before anything is loaded: a port in use is told at once."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        listening = socket.socket(kind, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise InputError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}."
        ) from error
    listening.set_inheritable(True)
    return listening
