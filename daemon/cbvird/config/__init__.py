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
from cbvird.config.web import WebSettings

__all__ = [
    "DecodeSettings",
    "IndexSettings",
    "KeyframeSettings",
    "ModelSettings",
    "SearchSettings",
    "ServiceSettings",
    "Settings",
    "WatchSettings",
    "WebSettings",
    "load_settings",
    "tables",
]
