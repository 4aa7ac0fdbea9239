"""Product offerings as a competent team writes them by hand: FastAPI, pydantic models, SQLAlchemy's ORM on asyncpg.

One resource, its columns, its models; lists of references are JSONB columns of its row, which is kinder than tables of
their own. The list has its exact count and its filter; a create validates, stores and writes its event in one
transaction. What a suite has beyond that it has not.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from sqlalchemy import create_engine, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CONNECTIONS = 8
PATH = "/tmf-api/productCatalogManagement/v5/productOffering"


class Base(DeclarativeBase):
    type_annotation_map = {list[Any]: JSONB, dict[str, Any]: JSONB}  # noqa: RUF012 - as its users write it


class OfferingRow(Base):
    __tablename__ = "product_offering"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    version: Mapped[str | None]
    lifecycle_status: Mapped[str] = mapped_column(index=True)
    last_update: Mapped[str]
    is_bundle: Mapped[bool]
    is_sellable: Mapped[bool]
    valid_for: Mapped[dict[str, Any]]
    product_specification: Mapped[dict[str, Any] | None]
    category: Mapped[list[Any]]
    product_offering_price: Mapped[list[Any]]
    channel: Mapped[list[Any]]
    market_segment: Mapped[list[Any]]


class OutboxRow(Base):
    __tablename__ = "outbox"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event_id: Mapped[str]
    type: Mapped[str]
    resource_id: Mapped[str]
    occurred_at: Mapped[str]
    document: Mapped[dict[str, Any]]


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Reference(Shape):
    id: str
    href: str | None = None
    name: str | None = None
    version: str | None = None
    type: str | None = Field(None, alias="@type")
    referred_type: str | None = Field(None, alias="@referredType")


class TimePeriod(Shape):
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None


class OfferingCreate(Shape):
    type: str = Field("ProductOffering", alias="@type")
    name: str
    description: str | None = None
    version: str | None = None
    lifecycle_status: str = "In study"
    is_bundle: bool = False
    is_sellable: bool = True
    valid_for: TimePeriod = TimePeriod()
    product_specification: Reference | None = None
    category: list[Reference] = []
    product_offering_price: list[Reference] = []
    channel: list[Reference] = []
    market_segment: list[Reference] = []


class Offering(OfferingCreate):
    id: str
    href: str
    last_update: datetime


def shown(row: OfferingRow, base: str) -> Offering:
    return Offering(  # type: ignore[call-arg]
        id=row.id,
        href=f"{base}{PATH}/{row.id}",
        name=row.name,
        description=row.description,
        version=row.version,
        lifecycle_status=row.lifecycle_status,
        last_update=row.last_update,  # type: ignore[arg-type]
        is_bundle=row.is_bundle,
        is_sellable=row.is_sellable,
        valid_for=row.valid_for,  # type: ignore[arg-type]
        product_specification=row.product_specification,  # type: ignore[arg-type]
        category=row.category,
        product_offering_price=row.product_offering_price,
        channel=row.channel,
        market_segment=row.market_segment,
    )


async def opened(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(opened)]
router = APIRouter()
settings: dict[str, Any] = {"response_model_exclude_none": True, "response_model_by_alias": True}


@router.get(PATH + "/{id}", response_model=Offering, **settings)
async def retrieve(id: str, request: Request, session: Session) -> Offering:
    row = await session.get(OfferingRow, id)
    if row is None:
        raise HTTPException(404, "no such offering")
    return shown(row, str(request.base_url).rstrip("/"))


@router.get(PATH, response_model=list[Offering], **settings)
async def find(
    request: Request,
    response: Response,
    session: Session,
    status: Annotated[str | None, Query(alias="lifecycleStatus")] = None,
    offset: int = 0,
    limit: int = 100,
) -> list[Offering]:
    chosen, counted = select(OfferingRow), select(func.count()).select_from(OfferingRow)
    if status is not None:
        chosen = chosen.where(OfferingRow.lifecycle_status == status)
        counted = counted.where(OfferingRow.lifecycle_status == status)
    total = await session.scalar(counted)
    rows = (await session.scalars(chosen.order_by(OfferingRow.id).offset(offset).limit(limit))).all()
    response.headers["x-total-count"], response.headers["x-result-count"] = str(total), str(len(rows))
    base = str(request.base_url).rstrip("/")
    return [shown(row, base) for row in rows]


@router.post(PATH, status_code=201, response_model=Offering, **settings)
async def create(given: OfferingCreate, request: Request, session: Session) -> Offering:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    values = given.model_dump(mode="json", exclude_none=True, exclude={"type"})
    row = OfferingRow(id=str(uuid.uuid4()), last_update=now, **{**_EMPTY, **values})
    session.add(row)
    made = shown(row, str(request.base_url).rstrip("/"))
    document = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    event = {"event_id": str(uuid.uuid4()), "type": "ProductOfferingCreateEvent", "occurred_at": now}
    session.add(OutboxRow(**event, resource_id=row.id, document=document))
    await session.commit()
    return made


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = os.environ["FLOOR_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


def application() -> FastAPI:
    """For `uvicorn --factory`."""
    app = FastAPI(lifespan=lifespan)
    app.include_router(router)
    return app


_EMPTY: dict[str, Any] = {"description": None, "version": None, "product_specification": None}


def stock(url: str, source: str) -> None:
    """The tables, with the offerings that the suite's database has."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    engine.dispose()
    names = ("productSpecification", "category", "productOfferingPrice", "channel", "marketSegment")
    chosen = (
        "SELECT id, x_name, doc->>'description', version, x_lifecycle_status, doc->>'lastUpdate', x_is_bundle,"
        f" x_is_sellable, doc->>'validFor', {', '.join(f'doc->>{name!r}' for name in names)}"
        " FROM tmf620_product_offering WHERE is_latest ORDER BY position"
    )
    columns = ", ".join(column.name for column in OfferingRow.__table__.columns)
    with psycopg.connect(source) as given, psycopg.connect(url) as taken:
        rows: Sequence[Sequence[Any]] = given.execute(chosen.encode()).fetchall()
        with taken.cursor().copy(f"COPY product_offering ({columns}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)
