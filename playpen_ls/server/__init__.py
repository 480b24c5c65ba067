"""The language server: messages in, findings and fixes out. Only here are lsprotocol and pygls known."""
