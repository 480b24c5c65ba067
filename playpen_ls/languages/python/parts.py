"""The parts of a Python file that rules look at: calls, string literals, log configuration, and the whole file."""

from __future__ import annotations

from playpen_ls.languages.python.model.module import PythonModel
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
]
