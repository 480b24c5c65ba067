"""The cache of findings: which entry belongs to a chunk, and when it holds."""

from __future__ import annotations

from playpen_ls.engine.cache import MISS, ChunkEntry, FindingsCache


def test_what_was_looked_at_is_found_where_it_stands_now():
    a, b, c, d = (ChunkEntry(None, None) for _ in range(4))
    memory = FindingsCache(["a", "b", "c", "d"], [a, b, c, d])
    assert memory.of(["a", "b", "c", "d"]) == [a, b, c, d]
    assert memory.of(["a", "x", "c", "d"]) == [a, MISS, c, d]
    assert memory.of(["a", "c", "b", "d", "d"]) == [a, c, b, MISS, d]
    assert memory.of(["d"]) == [d]
    assert memory.of([]) == []
