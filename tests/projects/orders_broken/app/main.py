import logging
import os

from fastapi import FastAPI

from app import orders, probes

REGION = os.environ["REGION"]
CURRENCY = os.environ["CURRENCY"]

logger = logging.getLogger(__name__)

app = FastAPI(title=f"orders in {REGION}, paid in {CURRENCY}")
app.include_router(probes.router)
app.include_router(orders.router, prefix="/v1")
