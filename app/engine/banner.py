"""What `bin/run` says when the site is up."""

from app.engine.home import Home
from app.engine.parts import Address

PASSWORD = "torque-demo-2026"  # noqa: S105  the demo's own, printed on purpose
LOGINS = (
    ("customer@demo.test", "a driver with a car in the shop"),
    ("advisor@demo.test", "service advisor, Harbor Lane Garage"),
    ("technician@demo.test", "technician, Harbor Lane Garage"),
    ("owner@demo.test", "owner, Harbor Lane Garage"),
    ("parts@demo.test", "owner, Casco Bay Auto Parts"),
    ("network@demo.test", "administrator of the network"),
    ("outsider@demo.test", "advisor of another shop, Voltwerk Berlin"),
)


def banner(home: Home, address: Address, *, seconds: float, keeps_mail: bool) -> str:
    lines = [
        "",
        f"Torqueline is running at {address.url} (started in {seconds:.1f} s)",
        "",
        *(f"  {email:<22} {who}" for email, who in LOGINS),
        f"  password of all:       {PASSWORD}",
        "",
        *([f"  Mails     {address.url}/dev/mail"] if keeps_mail else []),
        f"  Logs      {home.logs}",
        f"  Data      {home.root} (kept when you stop; --fresh starts over)",
    ]
    if tls := address.certificate:
        lines += [
            "",
            "For phones and tablets on your network: trust this machine's certificate authority once.",
            f"  1. Open {address.url}/dev/ca.crt on the device (accept the warning this one time),",
            f"     or copy {tls.authority} to it.",
            "  2. iPhone, iPad: install the profile, then Settings > General > About > Certificate Trust",
            "     Settings > switch it on. Android: Settings > Security > Install a certificate > CA.",
            "  3. Compare the SHA-256 fingerprint before you trust it:",
            f"     {tls.fingerprint}",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything."])
