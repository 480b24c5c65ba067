"""Python: `parse` returns a model whose chunks are statements; rules check the parts below."""

from __future__ import annotations

from playpen_ls.languages.python.facts import finds_nothing, says_nothing
from playpen_ls.languages.python.model.module import PythonModel, parse
from playpen_ls.languages.python.model.parts import (
    EngineCall,
    LogCall,
    LogConfiguration,
    MisnamedLogger,
    PoolSettings,
    PrintCall,
    SchemaCreation,
    StringLiteral,
)

__all__ = [
    "EngineCall",
    "LogCall",
    "LogConfiguration",
    "MisnamedLogger",
    "PoolSettings",
    "PrintCall",
    "PythonModel",
    "SchemaCreation",
    "StringLiteral",
    "finds_nothing",
    "parse",
    "says_nothing",
]
