"""The first network administrator: somebody must be able to take the first business on."""

import secrets

from sqlalchemy import text

from app.core import db
from app.core.viewer import Viewer
from app.domains import accounts
from app.domains.network import joining
from app.settings import Settings


async def appoint(settings: Settings, email: str) -> str:
    """Make the person with that address a network administrator, with an account if there is none. Returns the
    address at which they choose a password, for fifteen minutes."""
    db.connect(settings.sqlalchemy_url)
    try:
        async with db.transaction() as session:
            user_id = await session.scalar(text("SELECT user_by_email(:email)"), {"email": email})
            if user_id is None:
                user = await accounts.sign_up(
                    session, email=email, password=secrets.token_urlsafe(32), name=email.split("@")[0],
                    by=Viewer.system(), proved=True,
                )  # fmt: skip
                user_id = user.id
            await db.act_as(session, user=user_id)
            await session.execute(text("SELECT set_config('app.network', 'on', true)"))
            await joining.appoint_network_admin(session, user_id=user_id, by=Viewer.system())
            token = await accounts.issue_reset(session, user_id)
        return f"{settings.base_url}/reset-password/{token}"
    finally:
        await db.disconnect()
