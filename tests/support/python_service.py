"""The text of a service that breaks most practices, as people write it."""

MEMBERS = "".join(
    f'''
    async def page_{number}(self, offset: int = {number}) -> list[dict[str, object]]:
        """Page {number} of the orders."""
        async with self.session() as session:
            rows = await session.execute(SELECT, {{"offset": offset, "limit": {number}}})
        log.info(f"page {number} has {{len(rows)}} rows from {{offset}}")
        return [dict(row) for row in rows]
'''
    for number in range(14)
)

SERVICE = f'''\
#!/usr/bin/env python3
# Orders of the shop.
"""The service that keeps orders.

It says "hello" on `/`.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import redis
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

from shop.models import Base

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import orjson
except ImportError:
    orjson = None

log = logging.getLogger(__name__)

DB_HOST = "postgres.playpen-platform.svc.cluster.local"
CACHE = {{
    "host": "redis.playpen-platform.svc.cluster.local",
    "password": "s3cr3t-0rders",
    "port": 6379,
}}
SELECT = text(
    """
    SELECT * FROM orders
    -- newest first; import nothing
    ORDER BY created DESC
    OFFSET :offset LIMIT :limit
    """
)

engine = create_engine(
    "postgresql://" + DB_HOST + "/orders",
    echo=False,  # too noisy
)
session = sessionmaker(bind=engine)
cache = redis.Redis(host="redis", password="0rders-s3cr3t", decode_responses=True)
app = FastAPI(title="orders")


class Broken(HTTPException):
    """An order that cannot be kept."""

    def __init__(self, why: str, token: str = "t0ken-f0r-0rders") -> None:
        super().__init__(status_code=400, detail=why)
        self.why = why


class Orders:
    """All orders."""

    log = logging.getLogger("orders")

    def __init__(self, session: Any) -> None:
        self.session = session
        self.names: dict[str, str] = {{}}
{MEMBERS}
    def __len__(self) -> int:
        return len(self.names)


def connect() -> Iterator[Any]:
    """One session a request."""
    with session() as one:
        try:
            yield one
        except Exception as error:
            log.error("the session failed: " + str(error))
            print("session failed", error)
            one.rollback()
        finally:
            one.close()


@app.on_event("startup")
async def start() -> None:
    Base.metadata.create_all(bind=engine)
    log.warn("started with %s", DB_HOST)


@app.get("/orders/{{number}}")
async def order(number: int, db: Any = Depends(connect)) -> dict[str, Any]:
    found = db.get(number)
    if found is None:
        logging.info(f"no order {{number}}")
        raise HTTPException(404, f"no order {{number}}")
    log.info("order", extra={{"name": found.name}})
    return {{"order": found, "from": f"http://stock.shop.svc.cluster.local/items/{{number}}"}}


@app.post("/orders")
async def keep(body: dict[str, Any], db: Any = Depends(connect)) -> dict[str, str]:
    if body.get("kind") == "big" and \\
            body.get("size", 0) > 10:
        log.info("big order")
    try:
        db.add(body)
        db.commit()
    except ValueError:
        log.error("cannot keep the order")
        raise Broken("it has no name") from None
    else:
        cache.set("last", json.dumps(body))
    return {{"kept": "yes"}}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=8000)
'''
