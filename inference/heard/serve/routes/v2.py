"""``/v2``: the Open Inference Protocol, so that clients of other model servers can call this one.

Tensors travel as JSON or as the protocol's binary extension, which public clients use by default:
a JSON head of the length that a header names, then each tensor's bytes; a text is its length in
four bytes, little end first, and then UTF-8.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

import heard
from heard.labels import EMOTION_NAMES, SIGNAL_NAMES
from heard.serve.errors import ServiceError
from heard.serve.routes.answers import KEY, ServiceHere, failures
from heard.serve.service import whole_number
from heard.types import Assessment

__all__ = ["router"]

router = APIRouter(prefix="/v2", tags=["open inference protocol"])

MODEL = "heard"
INPUT = "text"
HEAD_LENGTH = "inference-header-content-length"

#: Every output: its datatype, its columns (0 for one value a message), and how it is read.
_OUTPUTS: dict[str, tuple[str, int, Callable[[Assessment], Any]]] = {
    "assessment": ("BYTES", 0, lambda a: json.dumps(a.to_dict(), ensure_ascii=False)),
    "primary": ("BYTES", 0, lambda a: a.primary),
    "emotion_levels": (
        "INT64",
        len(EMOTION_NAMES),
        lambda a: [e.level for e in a.emotions.values()],
    ),
    "emotion_probabilities": (
        "FP32",
        len(EMOTION_NAMES),
        lambda a: [e.probability for e in a.emotions.values()],
    ),
    "escalation_level": ("INT64", 0, lambda a: a.escalation.level),
    "escalation_risk": ("FP32", 0, lambda a: a.escalation.risk),
    "signal_probabilities": (
        "FP32",
        len(SIGNAL_NAMES),
        lambda a: list(a.signal_probabilities.values()),
    ),
}
_NUMPY = {"INT64": np.int64, "FP32": np.float32}

_METADATA = {
    "name": MODEL,
    "platform": "onnxruntime",
    "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
    "outputs": [
        {"name": name, "datatype": kind, "shape": [-1, width] if width else [-1]}
        for name, (kind, width, _) in _OUTPUTS.items()
    ],
}

_REQUEST_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "parameters": {"type": "object"},
                        "inputs": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": 1,
                            "items": {
                                "type": "object",
                                "required": ["name", "datatype", "shape", "data"],
                                "properties": {
                                    "name": {"const": INPUT},
                                    "datatype": {"const": "BYTES"},
                                    "shape": {"type": "array", "items": {"type": "integer"}},
                                    "data": {"type": "array", "items": {"type": "string"}},
                                    "parameters": {"type": "object"},
                                },
                            },
                        },
                        "outputs": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "name": {"enum": list(_OUTPUTS)},
                                    "parameters": {"type": "object"},
                                },
                            },
                        },
                    },
                },
                "example": {
                    "inputs": [
                        {"name": INPUT, "datatype": "BYTES", "shape": [1], "data": ["Thanks!"]}
                    ],
                    "outputs": [{"name": "primary"}, {"name": "escalation_risk"}],
                },
            }
        },
    }
}


@router.get("")
async def server() -> JSONResponse:
    """Describe the server."""
    return JSONResponse(
        {"name": "heard", "version": heard.__version__, "extensions": ["binary_tensor_data"]}
    )


@router.get("/health/live")
async def live() -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"live": True})


@router.get("/health/ready", responses={503: {"description": "not ready"}})
async def ready(service: ServiceHere) -> JSONResponse:
    """Say whether requests are taken."""
    return JSONResponse({"ready": service.ready}, status_code=200 if service.ready else 503)


@router.get(f"/models/{MODEL}", dependencies=[KEY], responses=failures())
async def model(service: ServiceHere) -> JSONResponse:
    """Describe the model: its input and its outputs."""
    return JSONResponse({**_METADATA, "versions": [service.ready_analyzer().model.version]})


@router.get(
    f"/models/{MODEL}/ready",
    dependencies=[KEY],
    responses={**failures(), 503: {"description": "not ready"}},
)
async def model_ready(service: ServiceHere) -> JSONResponse:
    """Say whether the model takes requests."""
    state = {"name": MODEL, "ready": service.ready}
    return JSONResponse(state, status_code=200 if service.ready else 503)


@router.post(
    f"/models/{MODEL}/infer",
    dependencies=[KEY],
    openapi_extra=_REQUEST_SCHEMA,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **failures("wrong_type", "queue_full", "timeout"),
    },
)
async def infer(request: Request, service: ServiceHere) -> Response:
    """Assess the texts of the input ``text``."""
    asked, rest = _read_head(await request.body(), request.headers.get(HEAD_LENGTH))
    texts = _texts(asked, rest)
    wanted = _wanted(asked)
    key = asked.get("id")
    if key is not None and not isinstance(key, str):
        raise _wrong("id must be text")

    def finish(read: list[Assessment]) -> tuple[dict[str, Any], list[bytes]]:
        outputs = [_output(name, binary, read) for name, binary in wanted]
        head = {
            "model_name": MODEL,
            "model_version": read[0].model.version if read else "",
            **({"id": key} if key is not None else {}),
            "outputs": [output for output, _ in outputs],
        }
        return head, [raw for _, raw in outputs if raw is not None]

    head, raw = await service.compute(request, texts, finish)
    encoded = json.dumps(head, ensure_ascii=False, allow_nan=False).encode()
    if not raw:
        return Response(encoded, media_type="application/json")
    return Response(
        encoded + b"".join(raw),
        media_type="application/octet-stream",
        headers={"Inference-Header-Content-Length": str(len(encoded))},
    )


def _wrong(what: str) -> ServiceError:
    return ServiceError("invalid", f"{what}.")


def _read_head(body: bytes, length: str | None) -> tuple[dict[str, Any], bytes]:
    """Part the JSON head from the tensors' bytes behind it."""
    end = len(body) if length is None else whole_number(length)
    if not 0 <= end <= len(body):
        raise _wrong(f"Inference-Header-Content-Length must be a number up to {len(body)}")
    try:
        head = json.loads(body[:end].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ServiceError("bad_request", "The request is not JSON in UTF-8.") from error
    if not isinstance(head, dict):
        raise _wrong("The request must be a JSON object")
    return head, body[end:]


def _texts(asked: dict[str, Any], rest: bytes) -> list[str]:
    inputs = asked.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise _wrong(f"inputs must hold one tensor, {INPUT}")
    tensor = inputs[0]
    if tensor.get("name") != INPUT or tensor.get("datatype") != "BYTES":
        raise _wrong(f"The input must be named {INPUT} and have the datatype BYTES")
    size = _parameters(tensor).get("binary_data_size")
    texts = tensor.get("data") if size is None else _unpack(rest, size)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _wrong("data must be a list of texts")
    shape = tensor.get("shape")
    if shape not in ([len(texts)], [len(texts), 1]):
        raise _wrong(f"shape must be [{len(texts)}], for {len(texts)} texts came")
    return texts


def _unpack(rest: bytes, size: object) -> list[str]:
    """Read texts, each behind its length in four bytes."""
    if type(size) is not int or not 0 <= size <= len(rest):
        raise _wrong("binary_data_size is not the number of bytes behind the head")
    texts: list[str] = []
    place = 0
    while place < size:
        end = place + 4
        if end <= size:
            end += struct.unpack_from("<I", rest, place)[0]
        if end > size or end == place + 4 > size:
            raise _wrong("The binary texts end in the middle of one")
        try:
            texts.append(rest[place + 4 : end].decode("utf-8"))
        except UnicodeDecodeError:
            raise _wrong(f"Text {len(texts)} is not UTF-8") from None
        place = end
    return texts


def _wanted(asked: dict[str, Any]) -> list[tuple[str, bool]]:
    """Name the outputs that are asked for, and whether each is to come in bytes."""
    binary = _parameters(asked).get("binary_data_output") is True
    outputs = asked.get("outputs") or [{"name": name} for name in _OUTPUTS]
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        raise _wrong("outputs must be a list of objects with a name")
    for one in outputs:
        if one.get("name") not in list(_OUTPUTS):
            raise _wrong(f"An output is one of {', '.join(_OUTPUTS)}")
    return [(one["name"], _parameters(one).get("binary_data", binary) is True) for one in outputs]


def _parameters(of: dict[str, Any]) -> dict[str, Any]:
    found = of.get("parameters", {})
    if not isinstance(found, dict):
        raise _wrong("parameters must be an object")
    return found


def _output(
    name: str, binary: bool, read: Sequence[Assessment]
) -> tuple[dict[str, Any], bytes | None]:
    kind, width, value = _OUTPUTS[name]
    values = [value(one) for one in read]
    shape = [len(values), width] if width else [len(values)]
    output: dict[str, Any] = {"name": name, "datatype": kind, "shape": shape}
    if not binary:
        flat = np.array(values, dtype=_NUMPY[kind]).ravel().tolist() if kind in _NUMPY else values
        return {**output, "data": flat}, None
    if kind in _NUMPY:
        raw = np.array(values, dtype=_NUMPY[kind]).tobytes()
    else:
        encoded = [text.encode() for text in values]
        raw = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
    return {**output, "parameters": {"binary_data_size": len(raw)}}, raw
