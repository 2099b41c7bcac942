"""Parts shops and how they came, and what buyers ask them for: orders, quotes, purchases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.core import rls

revision = "0050"
down_revision = "0049"

BUYER = f"({rls.PERSON} OR buyer_tenant_id = (SELECT app_tenant()))"
ASKED = (
    "EXISTS (SELECT 1 FROM shop_quotes q "
    "WHERE q.order_id = parts_orders.id AND q.tenant_id = (SELECT app_tenant()))"
)
BOTH = f"{rls.TENANT} OR {BUYER}"
"""A seller and their buyer."""


REFRESH = """
    CREATE FUNCTION refresh_parts_order(asked uuid, at timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        UPDATE parts_orders o
           SET offer_count = q.offers,
               best_total_minor = q.best,
               first_offer_at = CASE WHEN q.offers > 0 THEN coalesce(o.first_offer_at, at) ELSE o.first_offer_at END,
               status = CASE WHEN o.status NOT IN ('submitted', 'quoted') THEN o.status
                             WHEN q.offers > 0 THEN 'quoted' ELSE 'submitted' END,
               version = o.version + 1
          FROM (SELECT count(*) AS offers,
                       min(total_minor) FILTER (WHERE available_count > 0 AND missing_count = 0) AS best
                  FROM shop_quotes WHERE order_id = asked AND status = 'offered') q
         WHERE o.id = asked AND EXISTS (
               SELECT 1 FROM shop_quotes s WHERE s.order_id = asked AND s.tenant_id = app_tenant())
    $$
"""
"""A shop that was asked may not write into the order; what follows from the offers is counted from them."""

OF_ITS_BUYER = "asks_for_parts({t}.order_id, {t}.user_id, {t}.buyer_tenant_id)"
ASKS_FOR = """
    CREATE FUNCTION asks_for_parts(asked uuid, person uuid, business uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT EXISTS (SELECT 1 FROM parts_orders o WHERE o.id = asked
                          AND o.user_id IS NOT DISTINCT FROM person
                          AND o.buyer_tenant_id IS NOT DISTINCT FROM business)
    $$
"""
"""Whoever is asked reads the order: nobody is asked, or has sold, but for an order of the buyer named beside it. A policy of
`shop_quotes` that looked into `parts_orders` would go round in a circle with that of `parts_orders`."""

MAY_SHOW = """
    CREATE FUNCTION may_show_file(file uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT file IS NULL OR EXISTS (
            SELECT 1 FROM files WHERE id = file AND (user_id = app_user() OR tenant_id = app_tenant()))
    $$
"""
"""Whose row points at a file reads it: nobody points at a file that is not theirs."""

STAYS = """
    CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    BEGIN
        IF ({fixed}) IS DISTINCT FROM ({fixed_new}) THEN
            RAISE EXCEPTION '{table} stay with their order, seller and buyer' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF OLD.tenant_id IS DISTINCT FROM app_tenant()
           AND (app_user() IS NOT NULL OR app_tenant() IS NOT NULL)
           AND ({sellers}) IS DISTINCT FROM ({sellers_new}) THEN
            RAISE EXCEPTION 'only the seller says what {table} say' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
"""
"""Both sides write into these rows, each its own part: a seller who moved a quote to another order would read that, and a
buyer who changed one would set the seller's price."""

KEYS = ("tenant_id", "order_id", "shop_id", "user_id", "buyer_tenant_id", "currency")
FIXED = {
    "shop_quotes": KEYS,
    "purchases": (
        *KEYS, "quote_id", "total_minor", "tax_minor", "core_minor", "delivery_fee_minor", "accepted_at",
    ),
}  # fmt: skip
SELLERS = {
    "shop_quotes": (
        "center_id", "shop_name", "revision", "total_minor", "delivery_fee_minor", "delivers_at", "available_count",
        "missing_count", "note", "decline_reason", "answered_at",
    ),
    "purchases": (
        "center_id", "payment_method", "paid_minor", "refunded_minor", "carrier", "tracking_number", "tracking_url",
        "confirmed_at", "shipped_at",
    ),
}  # fmt: skip


def _stays(table: str) -> list[str]:
    def of(row: str, names: tuple[str, ...]) -> str:
        return ", ".join(f"{row}.{name}" for name in names)

    fixed, sellers = FIXED[table], SELLERS[table]
    return [
        STAYS.format(
            table=table,
            fixed=of("OLD", fixed),
            fixed_new=of("NEW", fixed),
            sellers=of("OLD", sellers),
            sellers_new=of("NEW", sellers),
        ),
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stay()",
    ]


def upgrade() -> None:
    op.create_table(
        "parts_shops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("makes", ARRAY(sa.Text()), nullable=False),
        sa.Column("conditions", ARRAY(sa.Text()), nullable=False),
        sa.Column("reach_km", sa.BigInteger(), nullable=False),
        sa.Column("takes_cash", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating_sum", sa.BigInteger(), nullable=False),
        sa.Column("rating_count", sa.BigInteger(), nullable=False),
        sa.Column("asked_count", sa.BigInteger(), nullable=False),
        sa.Column("quoted_count", sa.BigInteger(), nullable=False),
        sa.Column("won_count", sa.BigInteger(), nullable=False),
        sa.Column("delivered_count", sa.BigInteger(), nullable=False),
        sa.Column("failed_count", sa.BigInteger(), nullable=False),
        sa.Column("response_seconds", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("ck_parts_shops_on_earth"),
        ),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_parts_shops_score")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_parts_shops_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_parts_shops_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_shops")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_parts_shops_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_parts_shops_tenant_id")),
    )
    op.create_index("ix_parts_shops_makes", "parts_shops", ["makes"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_parts_shops_near",
        "parts_shops",
        ["latitude", "longitude"],
        unique=False,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "parts_shop_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("markup_percent", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("warranty_months", sa.SmallInteger(), nullable=False),
        sa.Column("delivery_hours", sa.SmallInteger(), nullable=False),
        sa.Column("delivery_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("stock_method", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("limit_minor > 0", name=op.f("ck_parts_shop_terms_limit")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop_id"],
            ["parts_shops.tenant_id", "parts_shops.id"],
            name=op.f("fk_parts_shop_terms_tenant_id_shop_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_shop_terms")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_parts_shop_terms_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "shop_id", name=op.f("uq_parts_shop_terms_tenant_id_shop_id")),
    )
    op.create_table(
        "shop_onboardings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("current_step", sa.SmallInteger(), nullable=False),
        sa.Column("completed_steps", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("answers", JSONB(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("current_step BETWEEN 1 AND 6", name=op.f("ck_shop_onboardings_step")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_shop_onboardings_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_shop_onboardings_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shop_onboardings_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_onboardings")),
        sa.UniqueConstraint("id", "user_id", name=op.f("uq_shop_onboardings_id_user_id")),
    )
    op.create_index(
        "ix_shop_onboardings_open",
        "shop_onboardings",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        "ix_shop_onboardings_status", "shop_onboardings", ["status", "submitted_at"], unique=False
    )
    op.create_table(
        "onboarding_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("onboarding_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_onboarding_documents_file_id")),
        sa.ForeignKeyConstraint(
            ["onboarding_id", "user_id"],
            ["shop_onboardings.id", "shop_onboardings.user_id"],
            name=op.f("fk_onboarding_documents_onboarding_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_onboarding_documents_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_documents")),
    )
    op.create_index(
        "ix_onboarding_documents_onboarding_id", "onboarding_documents", ["onboarding_id"], unique=False
    )
    op.create_index("ix_onboarding_documents_file_id", "onboarding_documents", ["file_id"], unique=False)
    op.create_table(
        "parts_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_center_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("raised_by_id", sa.Uuid(), nullable=True),
        sa.Column("raised_by_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("car", JSONB(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("needed_by", sa.Date(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("bidding", sa.Text(), nullable=False),
        sa.Column("radius_km", sa.BigInteger(), nullable=False),
        sa.Column("asked_count", sa.BigInteger(), nullable=False),
        sa.Column("offer_count", sa.BigInteger(), nullable=False),
        sa.Column("best_total_minor", sa.BigInteger(), nullable=True),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_offer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'cancelled') OR latitude IS NOT NULL", name=op.f("ck_parts_orders_has_place")
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name=op.f("ck_parts_orders_one_buyer")
        ),
        sa.CheckConstraint("radius_km > 0", name=op.f("ck_parts_orders_radius")),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id", "buyer_center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_parts_orders_buyer_tenant_id_buyer_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_parts_orders_buyer_tenant_id_job_id"),
        ),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id"], ["tenants.id"], name=op.f("fk_parts_orders_buyer_tenant_id")
        ),
        sa.ForeignKeyConstraint(["raised_by_id"], ["users.id"], name=op.f("fk_parts_orders_raised_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_parts_orders_user_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"], name=op.f("fk_parts_orders_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_orders")),
        sa.UniqueConstraint("code", name=op.f("uq_parts_orders_code")),
    )
    op.create_index("ix_parts_orders_buyer", "parts_orders", ["buyer_tenant_id", "status"], unique=False)
    op.create_index("ix_parts_orders_created", "parts_orders", ["created_at"], unique=False)
    op.create_index(
        "ix_parts_orders_job",
        "parts_orders",
        ["job_id"],
        unique=False,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index("ix_parts_orders_make", "parts_orders", ["make"], unique=False)
    op.create_index("ix_parts_orders_place", "parts_orders", ["latitude", "longitude"], unique=False)
    op.create_index("ix_parts_orders_status", "parts_orders", ["status", "expires_at"], unique=False)
    op.create_index("ix_parts_orders_user", "parts_orders", ["user_id", "status"], unique=False)
    op.create_table(
        "parts_order_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name=op.f("ck_parts_order_deliveries_one_buyer")
        ),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id"], ["tenants.id"], name=op.f("fk_parts_order_deliveries_buyer_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["parts_orders.id"], name=op.f("fk_parts_order_deliveries_order_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_parts_order_deliveries_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order_deliveries")),
        sa.UniqueConstraint("order_id", name=op.f("uq_parts_order_deliveries_order_id")),
    )
    op.create_table(
        "parts_order_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("oem_only", sa.Boolean(), nullable=False),
        sa.Column("job_line_id", sa.Uuid(), nullable=True),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_parts_order_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["parts_orders.id"], name=op.f("fk_parts_order_lines_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order_lines")),
        sa.UniqueConstraint("order_id", "id", name=op.f("uq_parts_order_lines_order_id_id")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_parts_order_lines_order_id_position")),
    )
    op.create_table(
        "shop_quotes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("shop_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("distance_m", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("delivery_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("delivers_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("available_count", sa.SmallInteger(), nullable=False),
        sa.Column("missing_count", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decline_reason", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name=op.f("ck_shop_quotes_one_buyer")
        ),
        sa.CheckConstraint("total_minor >= 0 AND delivery_fee_minor >= 0", name=op.f("ck_shop_quotes_total")),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id"], ["tenants.id"], name=op.f("fk_shop_quotes_buyer_tenant_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["parts_orders.id"], name=op.f("fk_shop_quotes_order_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_shop_quotes_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop_id"],
            ["parts_shops.tenant_id", "parts_shops.id"],
            name=op.f("fk_shop_quotes_tenant_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shop_quotes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_quotes")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_shop_quotes_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "order_id", name=op.f("uq_shop_quotes_tenant_id_order_id")),
    )
    op.create_index("ix_shop_quotes_buyer", "shop_quotes", ["buyer_tenant_id"], unique=False)
    op.create_index("ix_shop_quotes_order", "shop_quotes", ["order_id", "status"], unique=False)
    op.create_index("ix_shop_quotes_status", "shop_quotes", ["tenant_id", "status"], unique=False)
    op.create_index("ix_shop_quotes_user_id", "shop_quotes", ["user_id"], unique=False)
    op.create_table(
        "parts_order_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_parts_order_photos_file_id")),
        sa.ForeignKeyConstraint(
            ["order_id", "line_id"],
            ["parts_order_lines.order_id", "parts_order_lines.id"],
            name=op.f("fk_parts_order_photos_order_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["parts_orders.id"], name=op.f("fk_parts_order_photos_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order_photos")),
    )
    op.create_index("ix_parts_order_photos_file_id", "parts_order_photos", ["file_id"], unique=False)
    op.create_index("ix_parts_order_photos_line_id", "parts_order_photos", ["line_id"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("center_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("core_minor", sa.BigInteger(), nullable=False),
        sa.Column("delivery_fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("ship_to", JSONB(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("tracking_url", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("delivers_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("rating_words", sa.Text(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (buyer_tenant_id IS NULL)", name=op.f("ck_purchases_one_buyer")
        ),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND paid_minor", name=op.f("ck_purchases_refunded")),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_purchases_total")),
        sa.ForeignKeyConstraint(
            ["buyer_tenant_id"], ["tenants.id"], name=op.f("fk_purchases_buyer_tenant_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["parts_orders.id"], name=op.f("fk_purchases_order_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "center_id"],
            ["service_centers.tenant_id", "service_centers.id"],
            name=op.f("fk_purchases_tenant_id_center_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "quote_id"],
            ["shop_quotes.tenant_id", "shop_quotes.id"],
            name=op.f("fk_purchases_tenant_id_quote_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop_id"],
            ["parts_shops.tenant_id", "parts_shops.id"],
            name=op.f("fk_purchases_tenant_id_shop_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_purchases_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_purchases_tenant_id_id")),
    )
    op.create_index("ix_purchases_buyer", "purchases", ["buyer_tenant_id"], unique=False)
    op.create_index("ix_purchases_order", "purchases", ["order_id"], unique=False)
    op.create_index("ix_purchases_status", "purchases", ["tenant_id", "status"], unique=False)
    op.create_index("ix_purchases_user_id", "purchases", ["user_id"], unique=False)
    op.create_index(
        "ix_purchases_waiting",
        "purchases",
        ["accepted_at"],
        unique=False,
        postgresql_where=sa.text("status = 'accepted'"),
    )
    op.create_table(
        "quote_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "quote_id"],
            ["shop_quotes.tenant_id", "shop_quotes.id"],
            name=op.f("fk_quote_revisions_tenant_id_quote_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_revisions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_quote_revisions_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "quote_id", "revision", name=op.f("uq_quote_revisions_tenant_id_quote_id_revision")
        ),
    )
    op.create_table(
        "shop_quote_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("core_charge_minor", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("number_kind", sa.Text(), nullable=False),
        sa.Column("warranty_months", sa.SmallInteger(), nullable=False),
        sa.Column("delivery_hours", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("fits", sa.Text(), nullable=False),
        sa.Column("fit_rule", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT (is_available AND fits = 'does_not_fit')",
            name=op.f("ck_shop_quote_lines_no_misfit_is_offered"),
        ),
        sa.CheckConstraint(
            "NOT is_available OR unit_price_minor > 0", name=op.f("ck_shop_quote_lines_available_has_price")
        ),
        sa.CheckConstraint(
            "unit_price_minor >= 0 AND core_charge_minor >= 0", name=op.f("ck_shop_quote_lines_price")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["parts_order_lines.id"], name=op.f("fk_shop_quote_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "quote_id"],
            ["shop_quotes.tenant_id", "shop_quotes.id"],
            name=op.f("fk_shop_quote_lines_tenant_id_quote_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_quote_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_shop_quote_lines_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "quote_id",
            "order_line_id",
            name=op.f("uq_shop_quote_lines_tenant_id_quote_id_order_line_id"),
        ),
    )
    op.create_table(
        "purchase_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part_number", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("core_charge_minor", sa.BigInteger(), nullable=False),
        sa.Column("warranty_months", sa.SmallInteger(), nullable=False),
        sa.Column("fits", sa.Text(), nullable=False),
        sa.Column("fit_rule", JSONB(), nullable=False),
        sa.Column("job_line_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0 AND unit_price_minor > 0", name=op.f("ck_purchase_lines_amount")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["parts_order_lines.id"], name=op.f("fk_purchase_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "purchase_id"],
            ["purchases.tenant_id", "purchases.id"],
            name=op.f("fk_purchase_lines_tenant_id_purchase_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_purchase_lines_tenant_id_id")),
    )
    op.create_index(
        "ix_purchase_lines_once",
        "purchase_lines",
        ["order_line_id"],
        unique=True,
        postgresql_where=sa.text("is_live"),
    )
    op.create_index(
        "ix_purchase_lines_purchase", "purchase_lines", ["tenant_id", "purchase_id"], unique=False
    )

    for statement in (ASKS_FOR, MAY_SHOW, *_stays("shop_quotes"), *_stays("purchases")):
        op.execute(statement)
    rls.apply(op.execute, "parts_shops", "published")
    rls.apply(op.execute, "parts_shop_terms", "tenant")
    own = f"{rls.PERSON} OR {rls.NETWORK}"
    rls.own_policies(op.execute, "shop_onboardings", reads=own, adds=rls.PERSON, changes=own)
    papers = f"{rls.PERSON} AND may_show_file(file_id)"
    rls.own_policies(op.execute, "onboarding_documents", reads=own, adds=papers, changes=papers)
    rls.own_policies(
        op.execute,
        "shop_quotes",
        reads=f"{BOTH} OR {rls.NETWORK}",
        adds=f"{BUYER} AND {OF_ITS_BUYER.format(t='shop_quotes')}",
        changes=BOTH,
    )
    rls.own_policies(
        op.execute, "parts_orders", reads=f"{BUYER} OR {ASKED} OR {rls.NETWORK}", adds=BUYER, changes=BUYER
    )
    own = f"{BUYER} AND {OF_ITS_BUYER.format(t='parts_order_deliveries')}"
    rls.own_policies(op.execute, "parts_order_deliveries", reads=BUYER, adds=own, changes=own)
    for table, also in (("parts_order_lines", ""), ("parts_order_photos", " AND may_show_file(file_id)")):
        seen = f"EXISTS (SELECT 1 FROM parts_orders o WHERE o.id = {table}.order_id)"
        mine = f"EXISTS (SELECT 1 FROM parts_orders o WHERE o.id = {table}.order_id AND {BUYER})".replace(
            "(user_id", "(o.user_id"
        ).replace("buyer_tenant_id", "o.buyer_tenant_id")
        rls.own_policies(op.execute, table, reads=seen, adds=mine + also, changes=mine + also)
    rls.apply(op.execute, "shop_quote_lines", "child", parent="shop_quotes", via="quote_id")
    rls.apply(op.execute, "quote_revisions", "child", parent="shop_quotes", via="quote_id")
    rls.own_policies(
        op.execute,
        "purchases",
        reads=f"{BOTH} OR {rls.NETWORK}",
        adds=f"{rls.TENANT} AND {OF_ITS_BUYER.format(t='purchases')}",
        changes=BOTH,
    )
    rls.apply(op.execute, "purchase_lines", "child", parent="purchases", via="purchase_id")
    op.execute("""
        CREATE POLICY files_of_parts_orders ON files FOR SELECT
        USING (NOT (SELECT app_network()) AND EXISTS (SELECT 1 FROM parts_order_photos p WHERE p.file_id = files.id))
    """)
    op.execute("""
        CREATE POLICY files_of_onboardings ON files FOR SELECT
        USING ((SELECT app_network()) AND EXISTS (SELECT 1 FROM onboarding_documents d WHERE d.file_id = files.id))
    """)
    op.execute(REFRESH)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION refresh_parts_order(uuid, timestamptz)")
    op.execute("DROP POLICY files_of_parts_orders ON files")
    op.execute("DROP POLICY files_of_onboardings ON files")
    op.execute("DROP POLICY parts_orders_reads ON parts_orders")
    op.drop_table("purchase_lines")
    op.drop_table("shop_quote_lines")
    op.drop_table("quote_revisions")
    op.drop_table("purchases")
    op.drop_table("parts_order_photos")
    op.drop_table("shop_quotes")
    op.drop_table("parts_order_lines")
    op.drop_table("parts_order_deliveries")
    op.drop_table("parts_orders")
    op.drop_table("onboarding_documents")
    op.drop_table("shop_onboardings")
    op.drop_table("parts_shop_terms")
    op.drop_table("parts_shops")
    for function in (
        "asks_for_parts(uuid, uuid, uuid)",
        "may_show_file(uuid)",
        "shop_quotes_stay()",
        "purchases_stay()",
    ):
        op.execute(f"DROP FUNCTION {function}")
