import http.server
import ssl
import threading
import urllib.request

import pytest

from app.engine.home import Home
from app.engine.tls import certificate_for


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.mark.parametrize("host", ["shop.local", "192.168.1.20"])
def test_a_device_that_trusts_the_authority_reaches_the_site(tmp_path, host):
    made = certificate_for(Home(tmp_path), host)
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusting = ssl.create_default_context(cafile=str(made.authority))
    url = f"https://localhost:{server.server_port}/"
    assert urllib.request.urlopen(url, context=trusting, timeout=5).status == 204
    with pytest.raises(OSError, match="certificate verify failed"):
        urllib.request.urlopen(url, timeout=5)
    server.shutdown()


def test_the_authority_is_made_once_and_its_key_is_private(tmp_path):
    home = Home(tmp_path)
    first, second = certificate_for(home, "shop.local"), certificate_for(home, "bench.local")
    assert first.fingerprint == second.fingerprint
    assert first.certificate != second.certificate
    assert certificate_for(home, "shop.local").certificate.read_bytes() == first.certificate.read_bytes()
    assert (tmp_path / "tls" / "ca.key").stat().st_mode & 0o077 == 0


def test_a_host_name_cannot_leave_the_folder(tmp_path):
    made = certificate_for(Home(tmp_path), "../../etc/passwd")
    assert made.certificate.parent == tmp_path / "tls"
