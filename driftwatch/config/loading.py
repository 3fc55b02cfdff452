"""A configuration file into a Config, or into every mistake that is in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path as FilePath

from driftwatch.channels.contract import Channel
from driftwatch.channels.heartbeat import HEARTBEAT, Heartbeat
from driftwatch.config.access import Access, build_access
from driftwatch.config.building import build_monitor, need
from driftwatch.config.checks import check_settings
from driftwatch.config.digests import build_digests
from driftwatch.config.fingerprints import build_fingerprint, fingerprint_source
from driftwatch.config.listing import Listed, list_values
from driftwatch.config.mistakes import ConfigMistakesError, Mistake, Mistakes, Path, Place, format_path
from driftwatch.config.quiet_times import build_heartbeat, build_maintenance
from driftwatch.config.reading import BAD, Reader
from driftwatch.config.retention import build_retention
from driftwatch.config.settings import FileSettings
from driftwatch.config.tree import MOST_BYTES, Items, Node, Table, parse_tree
from driftwatch.config.web import (
    DEFAULT_RATE,
    Listen,
    WebSettings,
    build_listen,
    build_public_url,
    open_to_everybody,
)
from driftwatch.errors import ConfigError
from driftwatch.jobs.maintenance import GateRules
from driftwatch.jobs.monitor import Monitor
from driftwatch.jobs.retention import Retention
from driftwatch.jobs.weekly import DigestPlan
from driftwatch.net.secrets import Secret
from driftwatch.triggers.contract import Trigger

__all__ = ["Config", "load_config", "measure_digest", "parse_config", "read_content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything a configuration file says.

    `warnings` are things that work but should be looked at, one line each. `fingerprint` changes when
    anything changes. `gate` is what it says about when nobody is told. Pages are served at `listen`, and
    links to them begin with `public_url`; `access` says who may use them, and `requests_per_second` how
    often each of them. `digests` are sent once a week. It was read from `file`, whose content had this
    `digest`; `list_settings` returns every setting with its line.
    """

    store_url: Secret
    channels: Mapping[str, Channel]
    triggers: Mapping[str, Trigger]
    monitors: tuple[Monitor, ...]
    fingerprint: str
    instance: str = "driftwatch"
    warnings: tuple[str, ...] = ()
    retention: Retention = field(default_factory=Retention)
    gate: GateRules = field(default_factory=GateRules)
    heartbeat: Heartbeat | None = None
    listen: Listen = field(default_factory=lambda: build_listen(None))
    public_url: str | None = None
    access: Access = field(default_factory=Access)
    requests_per_second: float = DEFAULT_RATE
    file: FilePath | None = None
    digest: str = ""
    list_settings: Callable[[], Sequence[Listed]] = field(default=tuple, repr=False, compare=False)
    digests: tuple[DigestPlan, ...] = ()

    @property
    def destinations(self) -> Mapping[str, Channel]:
        """The channels by name, and the heartbeat where there is one."""
        return self.channels if self.heartbeat is None else {**self.channels, HEARTBEAT: self.heartbeat}


def load_config(
    path: str | FilePath, environment: Mapping[str, str] | None = None, *, insecure_no_auth: bool = False
) -> Config:
    """Return the configuration in the file at `path`.

    `environment` fills in `${NAME}`, by default that of the process; `${file:…}` is relative to the
    folder of `path`. With `insecure_no_auth` pages ask nobody, where the file does not say whom to ask.
    Raises ConfigMistakesError, a ConfigError, with every mistake and its place.
    """
    path = FilePath(path)
    content = read_content(path)
    known = os.environ if environment is None else environment
    return parse_config(content, file=path, environment=known, insecure_no_auth=insecure_no_auth)


def read_content(path: FilePath) -> bytes:
    """Return what is in a configuration file. Raises ConfigError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file {path}; driftwatch init writes one, and -c names another place"
        ) from None
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path} cannot be read: {why}") from None


def parse_config(
    content: bytes, *, file: FilePath, environment: Mapping[str, str], insecure_no_auth: bool = False
) -> Config:
    """Return the configuration that `content` describes; `file` is its name in messages and its folder."""
    mistakes = Mistakes()
    root = parse_tree(content, mistakes)
    reader = Reader(mistakes=mistakes, environment=environment, folder=file.absolute().parent)
    settings = None if root is None else _read_settings(root, reader, insecure_no_auth=insecure_no_auth)
    if mistakes.found or settings is None or root is None:
        raise ConfigMistakesError(str(file), mistakes.found)
    web = settings.web or WebSettings()
    return Config(
        store_url=need(need(settings.store).url),
        channels={str(name): chosen.value for name, chosen in (settings.channels or {}).items()},
        triggers={str(name): chosen.value for name, chosen in (settings.triggers or {}).items()},
        monitors=tuple(build_monitor(monitor, settings) for monitor in settings.monitors),
        fingerprint=build_fingerprint(settings),
        instance=settings.instance,
        retention=build_retention(settings.retention),
        gate=GateRules(
            maintenance=build_maintenance(settings.maintenance),
            shadowed=frozenset(need(one.id) for one in settings.monitors if one.mode == "shadow"),
            collapses=settings.collapse,
            group_wait=settings.group_wait,
            sources={
                need(one.id): fingerprint_source(need(one.source).kind, need(one.source).value)
                for one in settings.monitors
            },
        ),
        heartbeat=build_heartbeat(settings.heartbeat),
        digests=build_digests(settings.digests),
        listen=build_listen(settings.web),
        public_url=build_public_url(settings.web),
        access=build_access(web.auth),
        requests_per_second=web.requests_per_second,
        warnings=tuple(_format_warning(str(file), one) for one in mistakes.warned),
        file=file,
        digest=measure_digest(content),
        list_settings=partial(list_values, settings, root),
    )


def measure_digest(content: bytes) -> str:
    """Return what tells one content of a configuration file from another."""
    return hashlib.sha256(content).hexdigest()


def _read_settings(root: Node, reader: Reader, *, insecure_no_auth: bool) -> FileSettings | None:
    mistakes = reader.mistakes
    settings = reader.read(root, FileSettings, ())
    if settings is BAD:
        return None
    if insecure_no_auth:
        settings = replace(settings, web=open_to_everybody(settings.web))

    unread = {one.path for one in mistakes.found}

    def note(path: Path, text: str) -> None:
        # What is wrong inside a section may be all that is wrong with it as a whole.
        if not mistakes.has_inside(path) and format_path(path) not in unread:
            mistakes.add(_find_place(root, path), path, text)

    check_settings(settings, note)
    for place, monitor in enumerate(settings.monitors):
        if monitor is not BAD and not monitor.notify:
            path: Path = ("monitors", place, "notify")
            mistakes.warn(_find_place(root, path), path, "names no channel: nobody will be told")
    return settings if isinstance(settings, FileSettings) else None


def _find_place(root: Node, path: Path) -> Place:
    """Return where the setting at `path` stands, or the innermost section around it that is there."""
    node = root
    for part in path:
        inner: Node | None = None
        if isinstance(node, Table):
            inner = node.find(str(part))
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            inner = node.items[part]
        if inner is None:
            break
        node = inner
    return node.place


def _format_warning(file: str, one: Mistake) -> str:
    return f"{file}:{one.place.line}:{one.place.column}: {one.path}: {one.text}"
