"""Old and new values come with the event by themselves; secrets never do."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app import models
from app.core import audit
from app.core.db import new_id, transaction
from app.core.events import record
from app.core.tables import AuditLog, AuditValues, EventRow
from app.domains.accounts import profile
from app.domains.accounts.models import User
from app.domains.customers import records
from app.domains.customers.models import Customer
from app.domains.network import crew, premises
from app.domains.network.models import Bay, RoleAt, ServiceCenter, StaffProfile
from app.domains.network.setup_events import CenterChanged
from tests.conftest import viewing


async def values_of(db, name):
    """The newest event of that name with its old and new values."""
    found = await db.execute(
        select(EventRow, AuditValues)
        .outerjoin(AuditValues, AuditValues.row_id == EventRow.id)
        .where(EventRow.name == name)
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    return found.one()


async def test_settings_of_a_center_are_told_before_and_after(db, cast):
    await viewing(db, cast.owner)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    await premises.set_hours(db, center, {"mon": [["07:00", "12:00"]]}, by=cast.owner.viewer)
    event, kept = await values_of(db, "CenterChanged")
    old, new = (one["service_centers"][str(center.id)] for one in (kept.old_values, kept.new_values))
    assert list(old) == list(new) == ["working_hours"]
    assert old["working_hours"]["tue"] == [["08:00", "18:00"]]
    assert new["working_hours"] == {"mon": [["07:00", "12:00"]]}
    assert (event.entity_type, event.entity_id) == ("center", str(center.id))


async def test_a_customer_is_told_before_and_after_with_only_what_changed(db, cast):
    await viewing(db, cast.advisor)
    customer = await db.get_one(Customer, cast.customer.customer_id)
    facts = records.CustomerFacts(name=customer.name, email=customer.email, phone="+1 503 555 0199")
    await records.change(db, customer, facts, by=cast.advisor.viewer)
    _event, kept = await values_of(db, "CustomerChanged")
    assert kept.old_values == {"customers": {str(customer.id): {"phone": "+1 503 555 0100"}}}
    assert kept.new_values == {"customers": {str(customer.id): {"phone": "+1 503 555 0199"}}}


async def test_roles_are_told_before_and_after_though_they_are_deleted_past_the_session(db, cast):
    await viewing(db, cast.owner)
    terry = await db.get_one(StaffProfile, cast.technician.staff_id)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    await crew.change_roles(db, terry, center, {"advisor"}, by=cast.owner.viewer)
    _event, kept = await values_of(db, "RolesChanged")
    assert [one["role"] for one in kept.old_values["user_roles"].values()] == ["technician"]
    assert [one["role"] for one in kept.new_values["user_roles"].values() if one] == ["advisor"]


async def test_an_employer_reads_no_birthday(db, cast):
    await viewing(db, cast.advisor)
    user = await db.get_one(User, cast.advisor.user_id)
    facts = {
        "name": "Avery",
        "locale": "en",
        "zone": "UTC",
        "distance_unit": "km",
        "currency": "",
        "fuel_unit": "",
        "preferred_center_id": None,
    }
    born = date(1990, 5, 1)
    await profile.change_profile(
        db, user, **facts, phone="+1 503 555 0142", date_of_birth=born, by=cast.advisor.viewer
    )
    _event, kept = await values_of(db, "ProfileChanged")
    said = kept.new_values["users"][str(user.id)]
    assert said["phone"] == "+1 503 555 0142"
    assert "date_of_birth" not in said


async def test_a_new_row_has_no_old_values_and_only_new_ones_that_say_something(db, cast):
    await viewing(db, cast.owner)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    facts = premises.BayFacts(name="Bay 9", capabilities=["lift"])
    bay = await premises.add_bay(db, center, facts, by=cast.owner.viewer)
    event, kept = await values_of(db, "BayChanged")
    assert kept.old_values == {}
    assert kept.new_values["bays"][str(bay.id)]["name"] == "Bay 9"
    assert (event.entity_type, event.entity_id) == ("bay", str(bay.id))


async def test_each_event_gets_what_changed_since_the_one_before(db, cast):
    await viewing(db, cast.owner)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    for rate in (Decimal("0.05"), Decimal("0.06")):
        center.tax_rate = rate
        await record(db, CenterChanged(center_id=center.id, is_active=True), by=cast.owner.viewer)
    rows = await db.scalars(
        select(AuditValues)
        .join(EventRow, EventRow.id == AuditValues.row_id)
        .order_by(EventRow.id.desc())
        .limit(2)
    )
    said = [
        (one.old_values["service_centers"][str(center.id)], one.new_values["service_centers"][str(center.id)])
        for one in rows
    ]
    assert said == [
        ({"tax_rate": "0.05"}, {"tax_rate": "0.06"}),
        ({"tax_rate": "0.0725"}, {"tax_rate": "0.05"}),
    ]


async def test_changes_of_a_row_can_be_read_before_it_is_flushed(db, cast):
    await viewing(db, cast.owner)
    bay = await db.scalar(
        select(Bay).where(Bay.center_id == cast.owner.center_id).order_by(Bay.name).limit(1)
    )
    assert audit.changes(bay) == ({}, {})
    bay.name = "Pit"
    assert audit.changes(bay) == ({"name": "Bay 1"}, {"name": "Pit"})


async def test_the_agent_of_the_actor_is_kept(db, cast):
    from dataclasses import replace

    await viewing(db, cast.owner)
    by = replace(cast.owner.viewer, user_agent="Phone", ip="198.51.100.7")
    await record(db, CenterChanged(center_id=cast.owner.center_id, is_active=True), by=by)
    event, _kept = await values_of(db, "CenterChanged")
    assert (event.user_agent, event.ip) == ("Phone", "198.51.100.7")


# --- no secrets ------------------------------------------------------------------------------------------

WORDS_OF_SECRETS = (
    "password",
    "secret",
    "token",
    "hash",
    "salt",
    "signature",
    "recovery",
    "credential",
    "totp",
)


def test_no_column_that_sounds_like_a_secret_is_told_of():
    told = [
        f"{mapper.local_table.name}.{column}"
        for mapper in models.Base.registry.mappers
        if mapper.local_table.name not in audit.UNTOLD
        for _attribute, column in audit._columns(mapper)
    ]
    assert told
    assert [one for one in told if any(word in one.split(".")[1] for word in WORDS_OF_SECRETS)] == []


def test_the_columns_that_hold_secrets_today_are_kept_out():
    def kept_out(table, column):
        return audit.is_secret(models.metadata.tables[table].c[column]) or table in audit.UNTOLD

    for name in (
        "users.password_hash", "invitations.token_hash", "approval_links.token_hash", "pay_links.token_hash", "document_links.token_hash",
        "mails.secret", "sessions.token_hash", "refresh_tokens.token_hash", "password_resets.token_hash",
        "email_proofs.token_hash", "api_tokens.token_hash", "idempotency_keys.key",
    ):  # fmt: skip
        assert kept_out(*name.split(".")), name
    for name in ("repair_orders.key_tag", "services.price_minor", "users.email"):
        assert not kept_out(*name.split(".")), name


async def test_a_new_password_is_told_of_without_the_password(db, cast):
    await viewing(db, cast.customer)
    user = await db.get_one(User, cast.customer.user_id)
    user.password_hash, user.phone = "argon2 of something", "+1 503 555 0142"
    _old, new = await audit.take_changes(db)
    assert new == {"users": {str(user.id): {"phone": "+1 503 555 0142"}}}


# --- reads, rests, and what must be forgotten ------------------------------------------------------------


async def test_a_look_is_kept_in_the_same_transaction(db, cast):
    await viewing(db, cast.advisor)
    await audit.read(db, cast.advisor.viewer, "customer", cast.customer.customer_id)
    kept = await db.scalar(select(AuditLog).where(AuditLog.action == "read.customer"))
    assert (kept.tenant_id, kept.user_id, kept.actor_name) == (
        cast.advisor.tenant_id,
        cast.advisor.user_id,
        cast.advisor.name,
    )


async def test_what_a_request_changes_without_an_event_is_a_line_of_its_own(browser, cast):
    await browser(cast.customer).post("/settings/theme", {"theme": "night"})
    async with transaction(user=cast.customer.user_id) as db:
        kept = await db.scalar(select(AuditLog).where(AuditLog.action == "changed"))
    assert kept.new_values == {"users": {str(cast.customer.user_id): {"theme": "night"}}}
    assert kept.old_values == {"users": {str(cast.customer.user_id): {"theme": ""}}}


async def test_forgotten_values_are_gone_and_the_trail_says_so(db, cast):
    await viewing(db, cast.owner)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    center.phone = "+1 503 555 0123"
    event = CenterChanged(center_id=center.id, is_active=True)
    row = await record(db, event, by=cast.owner.viewer)
    shop = cast.owner.tenant_id
    assert await audit.forget(db, [row], by=cast.owner.viewer, tenant=shop, why="asked for") == 1
    assert await db.scalar(select(AuditValues).where(AuditValues.row_id == row)) is None
    log = await db.scalar(select(AuditLog).where(AuditLog.action == audit.FORGOTTEN))
    assert log.new_values == {"rows": [str(row)], "why": "asked for"}


async def test_another_shop_forgets_nothing_of_ours(db, cast):
    await viewing(db, cast.owner)
    center = await db.get_one(ServiceCenter, cast.owner.center_id)
    center.phone = "+1 503 555 0123"
    row = await record(db, CenterChanged(center_id=center.id, is_active=True), by=cast.owner.viewer)
    await viewing(db, cast.outsider)
    forgotten = await audit.forget(db, [row], by=cast.outsider.viewer, tenant=cast.outsider.tenant_id, why="")
    assert forgotten == 0


async def test_the_database_refuses_the_rewriting_word_without_the_right(site, cast):
    """The word opens the trigger, not the grants."""
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    async with transaction(tenant=cast.owner.tenant_id) as db:
        await db.execute(text("SELECT set_config('audit.rewriting', 'on', true)"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            await db.execute(text("DELETE FROM audit_logs"))


async def test_what_is_deleted_past_the_session_is_noticed_with_the_values_it_had(db, cast):
    await viewing(db, cast.owner)
    db.add(RoleAt(id=new_id(), user_id=cast.owner.user_id, tenant_id=cast.owner.tenant_id, role="advisor"))
    await audit.take_changes(db)
    await db.execute(delete(RoleAt).where(RoleAt.tenant_id == cast.owner.tenant_id, RoleAt.role == "advisor"))
    old, _new = await audit.take_changes(db)
    assert {one["role"] for one in old["user_roles"].values()} == {"advisor"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.uuids(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_value_is_kept_without_floats_and_not_too_long(value):
    def walk(one):
        assert not isinstance(one, float)
        if isinstance(one, str):
            assert len(one) <= audit.LONGEST + 1
        for inner in one.values() if isinstance(one, dict) else one if isinstance(one, list) else ():
            walk(inner)

    walk(audit.plain(value))
