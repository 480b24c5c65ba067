"""The practices page is law: what it calls good is clean, what it says to avoid is found and becomes its good."""

from __future__ import annotations

import pytest

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of

GOOD = [
    'import os\ndb_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")\n',
    'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/health")\ndef health():\n    return '
    '{"status": "healthy"}\n',
    '@app.get("/health")\nasync def health():\n    return {"status": "healthy"}\n',
    "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\nengine = create_engine(\n"
    '"postgresql://user:pass@host/db",\npoolclass=QueuePool,\npool_size=10,\nmax_overflow=20\n)\n',
    'engine = create_engine("postgresql://user:pass@host/db", poolclass=QueuePool, pool_size=10, max_overflow=20)\n',
    'import logging\nlogger = logging.getLogger(__name__)\nlogger.info("User login", extra={\n"user_id": user_id,\n'
    '"ip_address": ip_address,\n"timestamp": datetime.now().isoformat()\n})\n',
    'logger.debug("Detailed debugging information")\nlogger.info("General informational message")\n'
    'logger.warning("Warning message")\nlogger.error("Error occurred", exc_info=True)\n',
]


@pytest.mark.parametrize("text", GOOD)
@pytest.mark.parametrize("rule", rules_of("python"), ids=lambda rule: rule.name)
def test_what_the_page_calls_good_is_clean(rule, text: str):
    look = Project(rule, Example({"app.py": text})).look()
    assert look.diagnostics == []
    assert look.damage == 0


def test_what_the_page_says_to_avoid_becomes_its_good():
    rule = next(rule for rule in rules_of("python") if rule.name == "hard-coded-host")
    avoided = 'db_host = "postgres.playpen-platform.svc.cluster.local" # Hard-coded\n'
    fixed = Project(rule, Example({"app.py": avoided})).fixed().source.text
    assert fixed == (
        'import os\n\ndb_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local") # '
        "Hard-coded\n"
    )
