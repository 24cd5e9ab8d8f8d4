"""Running the server: who waits for it to listen begins to ask when every worker has been forked."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from jobmeter.server import announce


def test_nothing_is_asked_while_workers_are_forked() -> None:
    """A lock that a thread held at that moment would stay held in the worker: no webhook was ever sent."""
    asked: list[str] = []
    seen: list[int] = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    def are_forked() -> bool:
        seen.append(len(asked))
        return len(seen) > 5

    told: list[str] = []
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}"
        announce(base_url, told.append, are_forked=are_forked)
        server.shutdown()
    assert seen == [0] * 6
    assert asked == ["/health"]
    assert told == [base_url]
