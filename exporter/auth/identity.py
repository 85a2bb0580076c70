"""In whose name requests go: what every owner of a token or of a password does."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from exporter.auth.secrets import Secrets
from exporter.model.observation import Call, GrantKind, Key, Observation
from exporter.model.put_off import PutOff
from exporter.planning.job import TargetPlan
from exporter.protocol.problem import ApiProblem

Headers: TypeAlias = Mapping[str, str]

REFUSED_FOR: Final = 900.0
"""Seconds after a refused password in which only a new one is tried: a wrong password, tried
again and again, locks an account."""


class Identity:
    """Carries the requests of one target in the name of its account; this one in nobody's.

    ``proof`` tells which headers are in use: another number with each other ones. Calls carry it,
    so that their outcome is held against what they were sent with. What came of one is learned as
    soon as it has ended.
    """

    proof = 0
    problems: Mapping[GrantKind, ApiProblem] = {}
    """What the API said is wrong with the last login and the last refresh."""

    async def headers(self, key: Key, patience: float) -> Headers | None:
        """The headers to send for a surface, after at most ``patience`` seconds for a renewal.

        ``None`` where there are none (yet): nothing is to be sent then.
        """
        del key, patience
        return _NONE

    def over(self, headers: Headers, key: Key) -> bool:
        """Whether these are to be sent no more for it: ask for others before the next request."""
        del headers, key
        return False

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """Other headers, after a surface answered 401 to these; ``None`` if none are worth a try.

        For a renewal it waits at most ``patience`` seconds.
        """
        del rejected, key, patience
        return None

    def left(self, headers: Headers) -> None:
        """A run that was given these headers is over, whatever it came to send."""

    def learn(self, observation: Observation) -> None:
        """Take in how calls ended that were sent in this account's name."""
        if isinstance(observation, Call) and observation.credential == "account":
            if observation.accepted and observation.proof == self.proof:
                self.accepted(observation)
            elif observation.rejected and observation.resent:
                self.refused(observation)

    def accepted(self, call: Call) -> None:
        """A surface accepted the headers that are in use."""

    def refused(self, call: Call) -> None:
        """A surface rejected the headers that were to be better than the last."""

    def apply(self, plan: TargetPlan, secrets: Secrets) -> None:
        """Go on by a plan, the first one too, with the account that it was made for."""

    @property
    def put_off(self) -> PutOff | None:
        """Why no attempt to get in is made now; ``None`` where one may be, or none ever is."""
        return None

    def retry(self) -> None:
        """Somebody wants what was put off to be tried once at once."""

    def rest(self) -> None:
        """Ask for no token any more, as another owner takes its place."""

    async def close(self) -> None:
        """End what is in flight."""


_NONE: Final[Headers] = {}
NOBODY: Final = Identity()
"""In whose name surfaces are asked that are open to all."""
