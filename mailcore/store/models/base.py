"""The declarative base and the column types every table shares.

Times are microseconds since 1970 UTC (`Micros`), addresses are look-up keys (`Address.key`), JSON is text. Models describe
tables for DDL, migrations and the web's reading; hot statements are prepared text in the modules beside this package.
"""

from typing import Annotated

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

Key = BigInteger().with_variant(Integer, "sqlite")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of Roost hangs on this metadata."""

    metadata = MetaData(naming_convention=NAMING)


Id = Annotated[int, mapped_column(Key, primary_key=True, autoincrement=True)]
Ref = Annotated[int, mapped_column(Key)]
OptRef = Annotated[int | None, mapped_column(Key)]
Big = Annotated[int, mapped_column(BigInteger, server_default="0")]
OptBig = Annotated[int | None, mapped_column(BigInteger)]
Small = Annotated[int, mapped_column(Integer, server_default="0")]
Flag = Annotated[int, mapped_column(Integer, server_default="0")]
"""A boolean kept as 0 or 1, the same on both databases."""
OnFlag = Annotated[int, mapped_column(Integer, server_default="1")]
Str = Annotated[str, mapped_column(Text, server_default="")]
Bytes = Annotated[bytes, mapped_column(LargeBinary)]
OptBytes = Annotated[bytes | None, mapped_column(LargeBinary)]
