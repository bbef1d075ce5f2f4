"""How the service is set up: one frozen object, made by the command line, read everywhere."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from heard.errors import InputError

__all__ = ["TIMEOUT_HEADER", "Settings"]

#: How a request says how long it may take.
TIMEOUT_HEADER = "x-request-timeout-ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a server process is told.

    Attributes:
        host, port: where it listens.
        workers: server processes; ``runners``: threads in each that run the model, on one CPU each.
        model, playbook: folders; ``None`` for those in the package.
        keys, admin_keys: files of keys, one a line; ``no_auth`` lets anybody in.
        feedback: the SQLite file of corrections, ``None`` for no feedback; ``store_texts`` keeps
            the messages with them, ``keep_days`` is how long.
        max_body: bytes of a request; ``max_items`` messages of a request; ``max_characters`` of a
            message; ``max_waiting`` messages that are admitted and not yet answered.
        batch_messages: most messages of one pass of the model.
        timeout: seconds for a request that names none; ``max_timeout`` the most it may name.
        body_seconds: seconds in which a request's body must have come.
        drain_seconds: seconds that running requests are given at the end.
        board: folder through which several processes agree on the model; set by :func:`run`.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    runners: int = 1
    model: Path | None = None
    playbook: Path | None = None
    keys: Path | None = None
    admin_keys: Path | None = None
    no_auth: bool = False
    feedback: Path | None = None
    store_texts: bool = False
    keep_days: int = 365
    max_body: int = 4 * 1024 * 1024
    max_items: int = 256
    max_characters: int = 100_000
    max_waiting: int = 1024
    batch_messages: int = 8
    timeout: float = 2.0
    max_timeout: float = 60.0
    body_seconds: float = 10.0
    drain_seconds: int = 10
    board: Path | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of range.

        Raises:
            InputError: naming the setting, its value and what it may be.
        """
        for name, least, most in (
            ("port", 0, 65535),
            ("workers", 1, 256),
            ("runners", 1, 256),
            ("keep_days", 1, 36_500),
            ("max_body", 1024, 1 << 30),
            ("max_items", 1, 100_000),
            ("max_characters", 1, 10_000_000),
            ("max_waiting", 1, 1_000_000),
            ("batch_messages", 1, 1024),
            ("timeout", 0.001, 3600),
            ("max_timeout", 0.001, 3600),
            ("body_seconds", 0.1, 3600),
            ("drain_seconds", 0, 3600),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError(f"{name} is {value}: choose a number from {least} to {most}.")
        if self.max_items > self.max_waiting:
            raise InputError(
                f"max_items is {self.max_items}, but only {self.max_waiting} messages may wait: "
                "raise max_waiting."
            )
        if self.store_texts and self.feedback is None:
            raise InputError("store_texts needs a feedback file to keep the texts in.")

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # a name: who it is reached by is not known
            return False
