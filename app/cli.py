"""`torqueline`: every command that is run by hand or by a service manager.

Nothing heavy is imported before a command needs it: `torqueline vin` must not wait for a web framework.
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from app.settings import Settings, SettingsMissing, SettingsWrong, as_asyncpg, as_libpq

SERVICE = "Demo pages and logins exist in `bin/run` only."


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.does(asked)
    except SettingsMissing as missing:
        status = 2
        print("These settings are missing from the environment:", file=sys.stderr)
        for name in missing.names:
            print(f"  {name:<24}{MEANINGS.get(name, '')}", file=sys.stderr)
        if hasattr(asked, "home"):
            print("Or, to talk to a bin/run that is up: --home DIRECTORY", file=sys.stderr)
    except SettingsWrong as wrong:
        status = 2
        print(wrong, file=sys.stderr)
    except KeyboardInterrupt:
        status = 130
    raise SystemExit(status)


MEANINGS = {
    "BASE_URL": "where people reach the site, such as https://shop.example.com",
    "DATABASE_URL": "postgresql://role:password@host/database, a role that owns nothing",
    "DATABASE_OWNER_URL": "the same database as its owner; `torqueline migrate` needs it",
    "REDIS_URL": "redis://:password@host:6379/0, Valkey 8 or Redis 7 and newer",
    "SECRET_KEY": "32 or more random characters; the same for all web and worker processes",
    "STRIPE_API_KEY": "sk_live_… or sk_test_…",
    "STRIPE_WEBHOOK_SECRET": "whsec_… of the endpoint BASE_URL/webhooks/stripe",
    "SMTP_URL": "smtp://user:password@host:587 (smtps:// for TLS from the first byte)",
    "MAIL_FROM": "'Harbor Lane Garage <desk@example.com>'",
    "STORAGE_URL": "file:///var/lib/torqueline/files or s3://bucket?endpoint=…&region=…",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="torqueline", description="Torqueline's commands.")
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = commands.add_parser("serve", help="the web server, for production", epilog=SERVICE)
    serve.add_argument("--host", default="0.0.0.0")  # noqa: S104  a service in a container
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4))
    serve.set_defaults(does=_serve)

    worker = commands.add_parser("worker", help="the background worker, for production", epilog=SERVICE)
    worker.set_defaults(does=_worker)

    migrate = commands.add_parser(
        "migrate", help="make role, extensions and tables, or bring them up to date"
    )
    migrate.set_defaults(does=_migrate)

    admin = commands.add_parser("admin", help="let a person look after the network; prints their link")
    admin.add_argument("email", help="their address; an account is made if there is none")
    admin.set_defaults(does=_admin)

    demo = commands.add_parser("demo", help="load the demo shops into an empty database")
    demo.add_argument(
        "what",
        nargs="?",
        choices=("load", "market"),
        default="load",
        help="market: let the demo's parts shops bid on open requests, to be watched",
    )
    demo.add_argument("--minutes", type=float, default=5, help="how long they bid (default: 5)")
    demo.set_defaults(does=_demo)

    market = commands.add_parser("market", help="the parts market: find the winner of an order again")
    market.add_argument("what", choices=("replay",), help="replay: from the event log alone")
    market.add_argument("order", help="the order's code, such as K7TM-3QXD")
    market.set_defaults(does=_replay_order)

    doctor = commands.add_parser("doctor", help="check every dependency and say how to mend it")
    doctor.set_defaults(does=_doctor)

    audit = commands.add_parser(
        "verify-audit", help="prove that no row of the audit trail was edited, removed, slipped in or moved"
    )
    audit.add_argument(
        "--tenant", metavar="SLUG", default="", help="one business (platform: the platform itself)"
    )
    audit.add_argument(
        "--heads", type=Path, metavar="FILE", help="signed heads kept elsewhere, to compare with"
    )
    audit.add_argument(
        "--export-heads", action="store_true", help="print the signed heads, to be kept elsewhere"
    )
    audit.set_defaults(does=_verify_audit)

    secrets = commands.add_parser(
        "rotate-secrets", help="seal what the database keeps secret anew, after SECRET_KEY was changed"
    )
    secrets.set_defaults(does=_rotate_secrets)

    erased = commands.add_parser(
        "erasures",
        help="print who was erased, by id and signed, to be kept apart from the database's backups",
    )
    erased.set_defaults(does=_erasures)

    again = commands.add_parser(
        "replay-erasures",
        help="after restoring an older copy of the database: erase again whoever had been erased since",
    )
    again.add_argument(
        "--list", type=Path, metavar="FILE", help="what `erasures` printed, beside the list in the storage"
    )
    again.set_defaults(does=_replay_erasures)

    everywhere = commands.add_parser(
        "allow-everywhere",
        help="let a business's owners in from every address, when they have locked themselves out",
    )
    everywhere.add_argument("slug", metavar="TENANT-SLUG", help="the short name of the business")
    everywhere.set_defaults(does=_allow_everywhere)

    recalls = commands.add_parser(
        "recalls",
        help="take in a file of recalls (NHTSA's flat file) and tell the owners of cars they may concern",
    )
    recalls.add_argument("file", type=Path, metavar="FILE")
    recalls.set_defaults(does=_recalls)

    passport = commands.add_parser("passport", help="check the saved file of a vehicle passport")
    passport.add_argument("what", choices=("check",))
    passport.add_argument("file", type=Path, metavar="FILE")
    passport.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="the site's public keys, saved before; else the keys of this site",
    )
    passport.set_defaults(does=_passport)

    vin = commands.add_parser("vin", help="decode VINs offline, one JSON object a line")
    vin.add_argument("vins", nargs="+", metavar="VIN", help="VINs, or - to read them from standard input")
    vin.set_defaults(does=_vin)

    run = commands.add_parser("run", help="everything on this machine; bin/run comes here")
    run.add_argument("--port", type=int, default=8000)
    run.add_argument("--host")
    run.add_argument("--https", metavar="HOST")
    run.add_argument("--fresh", action="store_true")
    run.set_defaults(does=_run)

    prepare = commands.add_parser("prepare", help="migrate, and load the demo into an empty database")
    prepare.set_defaults(does=_prepare)

    for command in (
        migrate,
        admin,
        demo,
        market,
        doctor,
        audit,
        secrets,
        erased,
        again,
        everywhere,
        recalls,
        passport,
        run,
    ):
        command.add_argument("--home", type=Path, default=Path(".data"), help="folder of bin/run (.data)")
    return parser


def _production() -> Settings:
    """The settings of a production process. Raises SettingsMissing or SettingsWrong."""
    if os.environ.get("TORQUELINE_MODE", "production") != "production":
        raise SettingsWrong("`serve` and `worker` are for production: unset TORQUELINE_MODE, or use bin/run")
    os.environ["TORQUELINE_MODE"] = "production"
    read = Settings.from_env()
    if wrong := asyncio.run(_power_of(read)):
        raise SettingsWrong(wrong)
    return read


async def _power_of(read: Settings) -> str:
    """What makes the role of DATABASE_URL unfit. A database that does not answer is not waited for: the
    process asks again with its first connection."""
    import asyncpg

    from app.core.role import POWERS, faults

    try:
        db = await asyncpg.connect(as_libpq(read.database_url), timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return ""
    try:
        row = await db.fetchrow(POWERS)
    finally:
        await db.close()
    if not (wrong := faults(row)):
        return ""
    return f"The role {row['rolname']} of DATABASE_URL {' and '.join(wrong)}; name the one `migrate` made"


def _serve(asked: argparse.Namespace) -> int:
    _production()
    from app.engine.parts import granian

    command = granian(host=asked.host, port=asked.port, workers=asked.workers)
    os.execv(command[0], [*command, "--respawn-failed-workers"])


def _worker(asked: argparse.Namespace) -> int:
    _production()
    from app.engine.parts import WORKER

    os.execv(sys.executable, [sys.executable, "-c", WORKER])


def _migrate(asked: argparse.Namespace) -> int:
    owner, app = _database(asked.home)
    from app.migrate import head, migrate

    asyncio.run(migrate(owner, app))
    print(f"The database is at revision {head()}.")
    return 0


def _database(home: Path) -> tuple[str, str]:
    """The owner's and the application's address: of the environment, else of the running bin/run."""
    _borrow(home)
    names = ("DATABASE_OWNER_URL", "DATABASE_URL")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise SettingsMissing(missing)
    return as_asyncpg(os.environ[names[0]]), as_asyncpg(os.environ[names[1]])


def _borrow(home: Path) -> None:
    """Where no database is named and a bin/run is up, talk to that one."""
    if os.environ.get("DATABASE_URL") or not home.exists():
        return
    from app.engine.home import Home

    if state := Home(home).state():
        for name, value in state["env"].items():
            os.environ.setdefault(name, value)


def _admin(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.first_admin import appoint

    if "@" not in asked.email:
        print(f"{asked.email} is not an email address", file=sys.stderr)
        return 2
    link = asyncio.run(appoint(Settings.from_env(), asked.email))
    print(f"{asked.email} looks after the network. A password can be chosen within 15 minutes at:\n{link}")
    return 0


def _demo(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    if asked.what == "market":
        return _market(asked.minutes)
    from app.preparing import load_demo

    return asyncio.run(load_demo(Settings.from_env()))


def _market(minutes: float) -> int:
    settings = Settings.from_env()
    if not settings.is_demo:
        print("The demo's shops bid in demo mode only: `bin/run`, or TORQUELINE_MODE=demo.", file=sys.stderr)
        return 2
    from app.demo.bidding import market

    with contextlib.suppress(KeyboardInterrupt):
        print(f"{asyncio.run(market(settings, minutes=minutes))} offers were made.")
    return 0


def _replay_order(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.market import replay_order

    return asyncio.run(replay_order(Settings.from_env(), asked.order))


def _prepare(asked: argparse.Namespace) -> int:
    from app.preparing import prepare

    return asyncio.run(prepare(Settings.from_env()))


def _doctor(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.doctor import examine

    return asyncio.run(examine())


def _verify_audit(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app import verifying

    if asked.export_heads:
        return asyncio.run(verifying.export_heads(Settings.from_env()))
    return asyncio.run(verifying.verify(Settings.from_env(), only=asked.tenant, heads=asked.heads))


def _rotate_secrets(asked: argparse.Namespace) -> int:
    owner, _app = _database(asked.home)
    from app.rotating import rotate

    return asyncio.run(rotate(owner))


def _erasures(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.replaying import export

    return asyncio.run(export(Settings.from_env()))


def _replay_erasures(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.replaying import replay

    return asyncio.run(replay(Settings.from_env(), asked.list))


def _allow_everywhere(asked: argparse.Namespace) -> int:
    _borrow(asked.home)
    from app.domains.network.addresses import allow_everywhere

    gone = asyncio.run(allow_everywhere(Settings.from_env().sqlalchemy_url, asked.slug))
    if gone is None:
        print(f"there is no business called {asked.slug}", file=sys.stderr)
        return 1
    print(
        f"{asked.slug}: owners are let in from everywhere. Taken off the list: {', '.join(gone) or 'nothing'}"
    )
    return 0


def _recalls(asked: argparse.Namespace) -> int:
    owner, _app = _database(asked.home)
    from app.domains.recalls.loading import load

    return asyncio.run(load(owner, asked.file))


def _passport(asked: argparse.Namespace) -> int:
    if asked.keys is None:
        _borrow(asked.home)
    from app.domains.passports.command import run

    return run(asked.file, asked.keys)


def _vin(asked: argparse.Namespace) -> int:
    from app.gateways.vin import main as decode

    return decode(asked.vins)


def _run(asked: argparse.Namespace) -> int:
    from app.engine.run import run

    return run(port=asked.port, home_folder=asked.home, https=asked.https, host=asked.host, fresh=asked.fresh)


if __name__ == "__main__":
    main()
