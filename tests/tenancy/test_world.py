"""The world of this proof is full: an empty table would prove nothing."""

from app.tenancy import TABLES
from tests.tenancy.belonging import read_catalogue
from tests.tenancy.shops import SHOPS


async def test_every_table_holds_rows_of_both_shops(above):
    catalogue = await read_catalogue(above)
    empty = []
    for table, kind in TABLES.items():
        for name, shop in SHOPS.items():
            whose = catalogue.belongs(table, shop)
            assert whose is not None or kind == "system", f"nobody knows whose the rows of {table} are"
            count = await above.fetchval(f"SELECT count(*) FROM {table} t WHERE {whose or 'true'}")
            if not count:
                empty.append((table, name))
    assert empty == []
