"""A server on this machine that does to a download what servers and networks do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What the server has and how it behaves; change it between two requests."""

    files: dict[str, bytes]
    """Content under each path, without the leading slash."""
    base: str = ""
    ranges: bool = True
    """It can give a part of a file."""
    tag: str = '"one"'
    """The version it names; none where empty."""
    sizes: bool = True
    """It says how much will come."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes of an answer it breaks off, one for each answer; whole ones then."""
    stall: int | None = None
    """After how many bytes it says nothing more, until `go_on`."""
    status: int | None = None
    """It refuses everything with this."""
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and range of each request."""
    agents: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """Give the address of a file."""
        return f"{self.base}/{name}"


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Web]:
    """Serve files until the block ends."""
    web = Web(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    web.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.split("://", 1)[-1].split("/", 1)[1]  # a proxy is asked for the whole address
            web.asked.append((name, self.headers.get("Range")))
            web.agents.append(self.headers.get("User-Agent", ""))
            content = web.files.get(name)
            if web.status or content is None:
                self.send_error(web.status or 404)
                return
            self._give(content, self._start())

        def _start(self):
            asked = self.headers.get("Range")
            if not asked or not web.ranges or self.headers.get("If-Range", web.tag) != web.tag:
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def _give(self, content, start):
            if start >= len(content) and start:
                self.send_error(416)
                return
            rest = content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if web.tag:
                self.send_header("ETag", web.tag)
            if web.sizes:
                self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self._send(rest)

        def _send(self, rest):
            if web.breaks:
                self.wfile.write(rest[: web.breaks.pop(0)])
                self.close_connection = True
                return
            if web.stall is not None:
                self.wfile.write(rest[: web.stall])
                self.wfile.flush()
                web.go_on.wait(20)
                return
            self.wfile.write(rest)

        def handle(self):
            try:
                super().handle()
            except ConnectionError:
                return  # whoever asked has given up

        def log_message(self, *_arguments):
            return

    return Handler
