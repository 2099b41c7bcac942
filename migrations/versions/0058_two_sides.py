"""What a seller and a buyer write into their common rows is told apart by column; a workshop's conversations belong to the
center that buys; a quote says when it was asked for last; a notification may be of use until a certain time only."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"

SIDES = """
    CREATE FUNCTION two_sides() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    DECLARE
        stay text[] := string_to_array(TG_ARGV[0], ' ');
        sellers text[] := string_to_array(TG_ARGV[1], ' ');
        buyers text[] := string_to_array(TG_ARGV[2], ' ');
        eithers text[] := string_to_array(TG_ARGV[3], ' ');
        changed text[];
        written text[];
        is_house boolean := app_user() IS NULL AND app_tenant() IS NULL;
        is_seller boolean := coalesce(OLD.tenant_id = app_tenant(), false);
        is_buyer boolean := coalesce(OLD.user_id = app_user(), false)
                         OR coalesce(OLD.buyer_tenant_id = app_tenant(), false);
    BEGIN
        SELECT coalesce(array_agg(n.key), '{}'),
               coalesce(array_agg(n.key) FILTER (
                   WHERE n.key <> ALL (string_to_array(TG_ARGV[4], ' ')) OR n.value NOT IN ('null', '""')), '{}')
          INTO changed, written
          FROM jsonb_each(to_jsonb(NEW)) n JOIN jsonb_each(to_jsonb(OLD)) o ON o.key = n.key AND o.value <> n.value;
        IF changed && stay OR NOT changed <@ (sellers || buyers || eithers) THEN
            RAISE EXCEPTION '% stay with their order, seller and buyer', TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NOT is_house AND NOT is_seller AND written && sellers THEN
            RAISE EXCEPTION 'only the seller says what % say', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NOT is_house AND NOT is_buyer AND written && buyers THEN
            RAISE EXCEPTION 'only the buyer says what % say', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
"""
"""Both sides write into these rows, each its own part. A column that stands in no list is nobody's to change: one that comes
later is not forgotten."""

KEYS = ("id", "created_at", "tenant_id", "order_id", "shop_id", "user_id", "buyer_tenant_id", "currency")
COLUMNS = {
    "shop_quotes": {
        "stay": KEYS,
        "sellers": (
            "center_id", "shop_name", "revision", "total_minor", "delivery_fee_minor", "delivers_at", "available_count",
            "missing_count", "note", "decline_reason", "answered_at", "seen_at",
        ),
        "buyers": ("rank", "distance_m", "asked_at"),
        "eithers": ("status", "round", "valid_until", "version"),
        "emptied": ("answered_at", "seen_at"),
    },
    "purchases": {
        "stay": (
            *KEYS, "quote_id", "total_minor", "tax_minor", "core_minor", "delivery_fee_minor", "accepted_at",
        ),
        "sellers": (
            "center_id", "payment_method", "payment_status", "paid_minor", "refunded_minor", "carrier", "tracking_number",
            "tracking_url", "delivers_at", "confirm_by", "answer", "handed_to", "core_back_at", "confirmed_at",
            "shipped_at", "rating_reply", "rating_replied_at", "owed_since",
        ),
        "buyers": ("ship_to", "asked_at", "asked_reason", "rating", "rating_words", "rated_at"),
        "eithers": ("status", "end_reason", "pay_by", "delivered_at", "ended_at", "version"),
        "emptied": ("asked_at", "confirm_by", "answer", "handed_to"),
    },
}  # fmt: skip
"""`emptied`: the other side may take it away, as an answer to it, but not say it."""


def upgrade() -> None:
    op.add_column("shop_quotes", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("threads", sa.Column("buyer_center_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_threads_buyer_tenant_id_buyer_center_id"),
        "threads",
        "service_centers",
        ["buyer_tenant_id", "buyer_center_id"],
        ["tenant_id", "id"],
    )
    op.add_column("notifications", sa.Column("useful_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "notifications", sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("notifications", "is_urgent", server_default=None)
    # by hand
    for table in COLUMNS:
        op.execute(f"DROP TRIGGER {table}_stay ON {table}")
        op.execute(f"DROP FUNCTION {table}_stay()")
    op.execute("UPDATE shop_quotes SET asked_at = created_at")
    op.alter_column("shop_quotes", "asked_at", nullable=False)
    op.execute(SIDES)
    for table, lists in COLUMNS.items():
        said = ", ".join(f"'{' '.join(names)}'" for names in lists.values())
        op.execute(
            f"CREATE TRIGGER {table}_two_sides BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION two_sides({said})"
        )
    op.execute("""
        UPDATE threads t SET buyer_center_id = o.buyer_center_id
          FROM shop_quotes q JOIN parts_orders o ON o.id = q.order_id
         WHERE t.subject_kind = 'shop_quote' AND t.subject_id = q.id AND t.buyer_tenant_id = o.buyer_tenant_id
    """)
    # end by hand


def downgrade() -> None:
    for table in COLUMNS:
        op.execute(f"DROP TRIGGER {table}_two_sides ON {table}")
    op.execute("DROP FUNCTION two_sides()")
    op.drop_column("notifications", "is_urgent")
    op.drop_column("notifications", "useful_until")
    op.drop_column("threads", "buyer_center_id")
    op.drop_column("shop_quotes", "asked_at")
    before = import_module("migrations.versions.0050_parts_market")
    for table in COLUMNS:
        for statement in before._stays(table):
            op.execute(statement)
