"""What ``heard serve`` is compared with: ``python -m bench.serve.peers naive --port N``.

``naive`` is the same bundle behind one FastAPI endpoint that assesses in FastAPI's threads, a
request a pass. ``transformers`` is the network of training/checkpoint, in fp32, in a subclass of
transformers' own ``Pipeline`` behind such an endpoint; it answers the sigmoids of levels and
signals, and is spared what else an assessment takes: calibration, decisions, spans, language. Both
run under uvicorn with the settings of ``heard serve``.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from uvicorn.supervisors import Multiprocess

__all__ = ["answers", "readers"]

CHECKPOINT = Path(__file__).resolve().parents[2] / "training/checkpoint"
#: Tokens that a request to the pipeline may have; as long as one window of the bundle.
_LONGEST = 256
_WARM = (1, 8, 25, 60)

Reader = Callable[[str], dict[str, Any]]


def _library(threads: int, model: str | None) -> Reader:
    import heard

    analyzer = heard.load(model, threads=threads)
    return lambda text: analyzer.assess(text).to_dict()


def _pipeline(threads: int, _: str | None) -> Reader:
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    import torch
    from transformers import Pipeline, PreTrainedTokenizerFast

    from heard_training.learn.network import HeardNetwork
    from heard_training.learn.rounding import plain_products

    class Levels(Pipeline):
        """Levels and signals of a message, each as a probability."""

        def _sanitize_parameters(self, **_: object) -> tuple[dict, dict, dict]:
            return {}, {}, {}

        def get_inference_context(self) -> Callable[[], Any]:
            return torch.inference_mode

        def preprocess(self, text: str, **_: object) -> Any:  # noqa: ANN401 - transformers' own
            return self.tokenizer(text, truncation=True, max_length=_LONGEST, return_tensors="pt")

        def _forward(self, inputs: Any, **_: object) -> Any:  # noqa: ANN401
            return self.model(inputs["input_ids"], inputs["attention_mask"])

        def postprocess(self, output: Any, **_: object) -> dict[str, Any]:  # noqa: ANN401
            levels, signals = output["levels"].sigmoid()[0], output["signals"].sigmoid()[0]
            known = self.model.config
            return {
                "levels": dict(zip(known.targets, levels.tolist(), strict=True)),
                "signals": dict(zip(known.signals, signals.tolist(), strict=True)),
            }

    torch.set_num_threads(threads)
    network = HeardNetwork.from_pretrained(CHECKPOINT, dtype=torch.float32).eval()
    plain_products(network.encoder)  # in fp32, as a user would start it
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(CHECKPOINT / "tokenizer.json"))
    return Levels(model=network, tokenizer=tokenizer)


readers: dict[str, Callable[[int, str | None], Reader]] = {
    "naive": _library,
    "transformers": _pipeline,
}


def answers(kind: str, texts: list[str], model: str | None = None) -> list[dict[str, Any]]:
    """Answer texts one by one, as the server of this kind must answer them."""
    return list(map(readers[kind](1, model), texts))


class Message(BaseModel):
    """One message."""

    text: str


def application(kind: str, threads: int, model: str | None) -> FastAPI:
    """Build one endpoint around a reader that is loaded before the first request."""
    reader: list[Reader] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        reader.append(readers[kind](threads, model))
        for words in _WARM:
            reader[0]("please " * words)
        yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/assess")
    def assess(body: Message) -> dict[str, Any]:
        return reader[0](body.text)

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve.peers", description=__doc__)
    parser.add_argument("kind", choices=sorted(readers))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", help="the bundle of the naive one")
    arguments = parser.parse_args()
    config = uvicorn.Config(
        partial(application, arguments.kind, arguments.threads, arguments.model),
        factory=True,
        workers=arguments.workers,
        backlog=2048,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=65_536,
    )
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", arguments.port))
        listening.set_inheritable(True)
        if arguments.workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
