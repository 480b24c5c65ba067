import logging
import os

from fastapi import FastAPI

from app import orders, probes

REGION = os.environ["REGION"]

logger = logging.getLogger(__name__)

app = FastAPI(title=f"orders in {REGION}")
app.include_router(probes.router)
app.include_router(orders.router, prefix="/v1")
