"""The configuration: the tables of config.toml, and settings made of the file and the environment."""

from cbvird.config.sections import (
    DecodeSettings,
    IndexSettings,
    KeyframeSettings,
    ModelSettings,
    SearchSettings,
    ServiceSettings,
    WatchSettings,
)
from cbvird.config.settings import Settings, load_settings, tables

__all__ = [
    "DecodeSettings",
    "IndexSettings",
    "KeyframeSettings",
    "ModelSettings",
    "SearchSettings",
    "ServiceSettings",
    "Settings",
    "WatchSettings",
    "load_settings",
    "tables",
]
