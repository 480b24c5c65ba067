"""The parts of a Python file that rules look at: calls, string literals, log configuration, and the whole file."""

from __future__ import annotations

from playpen_ls.languages.python.model.django_migrations import DjangoOperation
from playpen_ls.languages.python.model.library_calls import EnvironmentValue, ExceptHandler, LibraryCall
from playpen_ls.languages.python.model.migrations import MigrationCall
from playpen_ls.languages.python.model.parts import (
    DjangoDatabase,
    EngineCall,
    FlaskDatabase,
    LogCall,
    LogConfiguration,
    MisnamedLogger,
    PoolSettings,
    PrintCall,
    PythonModule,
    SchemaCreation,
    StringLiteral,
)

__all__ = [
    "DjangoDatabase",
    "DjangoOperation",
    "EngineCall",
    "EnvironmentValue",
    "ExceptHandler",
    "FlaskDatabase",
    "LibraryCall",
    "LogCall",
    "LogConfiguration",
    "MigrationCall",
    "MisnamedLogger",
    "PoolSettings",
    "PrintCall",
    "PythonModule",
    "SchemaCreation",
    "StringLiteral",
]
