"""A web server for tests: serves bytes with ranges and tags, and breaks off when told to."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """What is served and what was asked.

    ``files`` holds bytes by path. ``breaks`` are byte counts after which the next answers break
    off, one each; ``fails`` are status codes that the next answers have instead.
    """

    def __init__(self):
        self.files = {}
        self.tag = '"first"'
        self.breaks = []
        self.fails = []
        self.asked = []
        self.url = ""

    def ranges(self):
        return [headers.get("Range") for _, headers in self.asked]


def _handler(served):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.asked.append((self.path, dict(self.headers)))
            body = served.files.get(self.path)
            if served.fails or body is None:
                self.send_error(served.fails.pop(0) if served.fails else 404)
                return
            start, same = 0, self.headers.get("If-Range") in (None, served.tag)
            if same and (asked := self.headers.get("Range")):
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            if served.tag:
                self.send_header("ETag", served.tag)
            self.end_headers()
            stop = start + served.breaks.pop(0) if served.breaks else len(body)
            self.wfile.write(body[start:stop])
            self.close_connection = True

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def file_server():
    served = FileServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
