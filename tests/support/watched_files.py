"""Files as they are read for what is tested alone, and looks at them when a test wants them."""

from typing import Any

from exporter.auth.secrets import Secrets
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Auth, Target
from exporter.system.file_watch import FileWatch
from exporter.system.file_watcher import FileWatcher


class Here(FileWatcher):
    """Looks in the thread that asks: for clocks that are moved by hand, which wait for no other."""

    async def look_at(self, watch: FileWatch[Any], patience: float) -> None:
        """See ``FileWatcher``."""
        del patience
        look(watch)


def look(watch: FileWatch[Any]) -> None:
    """What the next look in the background does."""
    seen = watch.look()
    if seen is not None:
        watch.take(seen)


def secrets_of(auth: Auth, watcher: FileWatcher | None = None) -> Secrets:
    """The secret of an account."""
    settings = connection_settings(Target("lab", "http://lab", auth=auth))
    return Secrets(files_of(settings).secret, watcher or Here(), "lab")
