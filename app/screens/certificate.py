"""GET /dev/ca.crt: the local certificate authority of `bin/run --https`, for phones to trust."""

from litestar import Response, Router, get

from app.core.errors import NotFound
from app.core.permissions import PUBLIC
from app.core.visit import needs
from app.settings import settings


@get("/dev/ca.crt", opt=needs(PUBLIC), sync_to_thread=False)
def authority() -> Response[bytes]:
    """The certificate, never the key. Only the demo makes one."""
    file = settings().home / "tls" / "ca.crt"
    if not settings().is_demo or not file.exists():
        raise NotFound()
    return Response(
        file.read_bytes(),
        media_type="application/x-x509-ca-cert",
        headers={"Content-Disposition": 'attachment; filename="torqueline-ca.crt"'},
    )


router = Router("/", route_handlers=[authority])
