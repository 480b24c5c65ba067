"""The shop's API."""

import logging

from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase

logger = logging.getLogger(__name__)
app = FastAPI()

db_host = "postgres.playpen-platform.svc.cluster.local"  # Hard-coded
engine = create_engine("postgresql://shop@localhost/shop")


class Base(DeclarativeBase):
    pass


Base.metadata.create_all(engine)


@app.get("/orders/{number}")
def order(number: int) -> dict[str, int]:
    logger.info(f"order {number} asked for")
    try:
        return {"number": number, "parts": len(str(number))}
    except ValueError:
        logger.error("order could not be read")
        raise
