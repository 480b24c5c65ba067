"""A manifest that uses a key of a ConfigMap in another file, with characters of several UTF-16 code units."""

from __future__ import annotations

from editor import Editor

MANIFEST = (
    "# 😀\napiVersion: v1\nkind: Pod\nmetadata: {name: 😀}\nspec:\n  containers:\n    - name: 😀\n      image: x:1\n"
    "      env: [{name: 😀A, valueFrom: {configMapKeyRef: {name: shop, key: level}}}]\n"
)
CONFIG = "apiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: shop}\r\ndata: {mood: 😀, level: info}\r\n"


async def open_manifest(editor: Editor) -> None:
    """The ConfigMap is on disk, the manifest is open and checked; the project may not have been read yet."""
    (editor.folder / "config.yaml").write_bytes(CONFIG.encode())
    await editor.open("app.yaml", MANIFEST)
    await editor.until("app.yaml", lambda _: True)
