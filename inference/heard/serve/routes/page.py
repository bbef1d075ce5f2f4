"""The page to look at, and the documentation; every file comes from this package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import fastapi_swagger
from fastapi import APIRouter, Response

from heard.serve.errors import ServiceError

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_PAGE = files("heard.serve") / "page"
_SWAGGER = files(fastapi_swagger) / "resources"
#: What is handed out, and as what; no other name is ever looked for on disk.
_FILES: dict[str, tuple[Traversable, str]] = {}


def _offer(folder: Traversable, names: tuple[str, ...] | None = None) -> None:
    kinds = {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "png": "image/png",
    }
    for entry in folder.iterdir():
        kind = kinds.get(entry.name.rpartition(".")[2])
        if kind is not None and (names is None or entry.name in names):
            _FILES[entry.name] = (entry, kind)


_offer(_PAGE)
_offer(_SWAGGER, ("swagger-ui-bundle.js", "swagger-ui.css"))


@router.head("/")
@router.get("/")
def page() -> Response:
    """Show the page."""
    return _file("index.html")


@router.head("/docs")
@router.get("/docs")
def docs() -> Response:
    """Show the API's documentation."""
    return _file("docs.html")


@router.get("/page/{name}")
def asset(name: str) -> Response:
    """Hand out a file of the page."""
    return _file(name)


def _file(name: str) -> Response:
    if name not in _FILES:
        raise ServiceError("not_found", "There is no such page.")
    path, kind = _FILES[name]
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
