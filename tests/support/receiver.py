"""What Alertmanager calls when somebody is to be told: each notification, as it came."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from aiohttp import web

from tests.support.servers import LOOPBACK, Server, free_port

FIRING: Final = "firing"
RESOLVED: Final = "resolved"


class Alert(NamedTuple):
    """One of a notification: whether it fires, and what it is called and about."""

    status: str
    labels: dict[str, str]
    summary: str

    @property
    def name(self) -> str:
        return self.labels["alertname"]


class Notification(NamedTuple):
    """One message to one receiver: a whole group, ``firing`` while any of it is."""

    receiver: str
    status: str
    group: dict[str, str]
    alerts: tuple[Alert, ...]

    @property
    def subject(self) -> str:
        return self.group.get("target") or self.group.get("job", "")


class Receiver(Server):
    """Listens for webhooks at any path, and keeps what comes; ``heard`` is told of each, too."""

    def __init__(self, heard: Callable[[Notification], None] | None = None) -> None:
        self._heard = heard
        self._port = free_port()
        self.url = f"http://{LOOPBACK}:{self._port}"
        self.notifications: list[Notification] = []

    def messages(self, about: str, receiver: str = "") -> list[Notification]:
        """What was told of a target, or of a job of exporters; to one receiver, or to any."""
        return [
            each
            for each in self.notifications
            if each.subject == about and receiver in ("", each.receiver)
        ]

    def subjects(self) -> set[str]:
        """Whatever anything was told of."""
        return {each.subject for each in self.notifications}

    def told(self, about: str) -> dict[str, set[str]]:
        """The names of alerts that fired, by receiver."""
        told: dict[str, set[str]] = {}
        for message in self.messages(about):
            if message.status == FIRING:
                names = {alert.name for alert in message.alerts}
                told.setdefault(message.receiver, set()).update(names)
        return told

    async def _start(self, stack: AsyncExitStack) -> None:
        application = web.Application()
        application.router.add_post("/{receiver}", self._take)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, self._port).start()

    async def _take(self, request: web.Request) -> web.Response:
        document = await request.json()
        notification = Notification(
            receiver=document["receiver"],
            status=document["status"],
            group=document["groupLabels"],
            alerts=tuple(
                Alert(alert["status"], alert["labels"], alert["annotations"].get("summary", ""))
                for alert in document["alerts"]
            ),
        )
        self.notifications.append(notification)
        if self._heard:
            self._heard(notification)
        return web.Response()
