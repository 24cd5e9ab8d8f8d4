"""Mail goes through verified TLS wherever the server offers it; a password is never sent to a server that is not trusted."""

import base64
import contextlib
import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.notifications.dispatch.mail import send_mail
from jobmeter.notifications.model import Channel, Delivery, DeliveryAttempt, DeliveryState, Failure
from tests.support.scenario import START
from tests.support.webhook_receiver import POLLING

PASSWORD = "not for everybody"


@dataclass(frozen=True, slots=True)
class MailServer:
    """What the server has received: mails, passwords, and whether each came over TLS."""

    port: int
    mails: list[bool] = field(default_factory=list)
    passwords: list[tuple[str, bool]] = field(default_factory=list)


def make_certificate(folder: Path, name: str) -> Path:
    """Makes a self-signed certificate for a host name or an address; the file has its key too."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    now = read_machine_clock()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{uuid4().hex}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@contextlib.contextmanager
def open_mail_server(certificate: Path, *, smtps: bool, offers_tls: bool) -> Iterator[MailServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    opened: list[MailServer] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.talk(context.wrap_socket(self.request, server_side=True) if smtps else self.request)

        def talk(self, connection: socket.socket) -> None:
            connection.sendall(b"220 here\r\n")
            lines = connection.makefile("rb")
            while line := lines.readline():
                verb = line[:8].upper().split()[0]
                is_secure = isinstance(connection, ssl.SSLSocket)
                if verb == b"EHLO":
                    offer = b"250-STARTTLS\r\n" if offers_tls and not is_secure else b""
                    connection.sendall(b"250-here\r\n" + offer + b"250 AUTH PLAIN\r\n")
                elif verb == b"STARTTLS":
                    connection.sendall(b"220 ready\r\n")
                    connection = context.wrap_socket(connection, server_side=True)
                    lines = connection.makefile("rb")
                elif verb == b"AUTH":
                    password = base64.b64decode(line.split()[2]).split(b"\0")[2].decode()
                    opened[0].passwords.append((password, is_secure))
                    connection.sendall(b"235 welcome\r\n")
                elif verb == b"DATA":
                    connection.sendall(b"354 continue\r\n")
                    while lines.readline() not in {b".\r\n", b""}:
                        pass
                    opened[0].mails.append(is_secure)
                    connection.sendall(b"250 stored\r\n")
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    break
                else:
                    connection.sendall(b"250 good\r\n")
            lines.close()
            connection.close()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        opened.append(MailServer(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, kwargs=POLLING, daemon=True)
        thread.start()
        try:
            yield opened[0]
        finally:
            server.shutdown()
            thread.join()


def make_attempt() -> DeliveryAttempt:
    delivery = Delivery(
        id=uuid4(),
        endpoint_id=1,
        channel=Channel.EMAIL,
        kind="TEST",
        subject="A test",
        body="{}",
        created_at=START,
        number=1,
        state=DeliveryState.WAITING,
        attempts=0,
        due_at=START,
        finished_at=None,
        last_outcome="",
    )
    return DeliveryAttempt(
        delivery=delivery, application_id=1, partner_id=1, url="", email="jo@customer.example", secrets=()
    )


async def send(url: str, *, seconds_max: float = 10) -> Failure | None:
    return await send_mail(make_attempt(), Settings(smtp_url=url), START, seconds_max=seconds_max)


@pytest.mark.parametrize("login", ["", f"jo:{PASSWORD.replace(' ', '%20')}@"])
@pytest.mark.parametrize(
    ("scheme", "offers_tls", "certificate_name", "is_trusted", "is_sent"),
    [
        ("smtps", True, "127.0.0.1", False, False),
        ("smtp", True, "127.0.0.1", False, False),
        ("smtps", True, "127.0.0.1", True, True),
        ("smtp", True, "127.0.0.1", True, True),
        ("smtps", True, "another.example", True, False),
        ("smtp", True, "another.example", True, False),
    ],
)
async def test_a_server_that_is_not_trusted_gets_neither_mail_nor_password(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    login: str,
    scheme: str,
    offers_tls: bool,
    certificate_name: str,
    is_trusted: bool,
    is_sent: bool,
) -> None:
    certificate = make_certificate(tmp_path, certificate_name)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with open_mail_server(certificate, smtps=scheme == "smtps", offers_tls=offers_tls) as server:
        failure = await send(f"{scheme}://{login}127.0.0.1:{server.port}")
    if is_sent:
        assert failure is None
        assert server.mails == [True]
        assert server.passwords == ([(PASSWORD, True)] if login else [])
        return
    assert failure is not None
    assert "certificate verify failed" in failure.text
    assert (server.mails, server.passwords) == ([], [])


async def test_without_tls_a_mail_is_sent_but_no_password(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    with open_mail_server(certificate, smtps=False, offers_tls=False) as server:
        assert await send(f"smtp://127.0.0.1:{server.port}") is None
        failure = await send(f"smtp://jo:secret@127.0.0.1:{server.port}")
    assert failure is not None
    assert "offers no TLS, so the password is not sent" in failure.text
    assert (server.mails, server.passwords) == ([False], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_mail_has_a_deadline_however_the_server_spends_it(scheme: str) -> None:
    """The server sends a byte now and then, so that no single read takes long."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    self.request.sendall(b"2")
                    time.sleep(0.05)
            ended.set()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs=POLLING, daemon=True)
        thread.start()
        begun = time.monotonic()
        failure = await send(f"{scheme}://127.0.0.1:{server.server_address[1]}", seconds_max=0.5)
        assert time.monotonic() - begun < 3
        # and the connection is closed, not left to a thread
        assert ended.wait(5)
        server.shutdown()
        thread.join()
    assert failure is not None
    assert scheme == "smtps" or failure.text == "the mail server did not answer within 0.5 seconds"
