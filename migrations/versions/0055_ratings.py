"""What a parts shop answers to a rating, and ratings for everybody to read."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.add_column("purchases", sa.Column("rating_reply", sa.Text(), nullable=False, server_default=""))
    op.alter_column("purchases", "rating_reply", server_default=None)
    op.add_column("purchases", sa.Column("rating_replied_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_purchases_rated",
        "purchases",
        ["shop_id", "rated_at"],
        unique=False,
        postgresql_where=sa.text("rating IS NOT NULL"),
    )
    op.create_check_constraint(op.f("ck_purchases_rating"), "purchases", "rating BETWEEN 1 AND 5")
    # by hand
    # Nobody reads another's purchase. What its buyer wrote for everybody is read here, with the name they are called by.
    op.execute("""
        CREATE FUNCTION ratings_of_shop(shop uuid, most integer)
        RETURNS TABLE(rating smallint, words text, first_name text, is_business boolean, reply text, rated_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT p.rating, p.rating_words, coalesce(split_part(u.name, ' ', 1), ''), p.user_id IS NULL,
                   p.rating_reply, p.rated_at
              FROM purchases p LEFT JOIN users u ON u.id = p.user_id
             WHERE p.shop_id = shop AND p.rating IS NOT NULL
             ORDER BY p.rated_at DESC, p.id DESC LIMIT least(most, 50)
        $$
    """)
    # end by hand


def downgrade() -> None:
    op.execute("DROP FUNCTION ratings_of_shop(uuid, integer)")
    op.drop_constraint(op.f("ck_purchases_rating"), "purchases", type_="check")
    op.drop_index("ix_purchases_rated", table_name="purchases")
    op.drop_column("purchases", "rating_replied_at")
    op.drop_column("purchases", "rating_reply")
