"""Is the answer a new one, or one that somebody keeps?"""

from datetime import UTC, datetime

from exporter.checks.finding import Answer, Finding


def moving(answer: Answer) -> Finding | None:
    """Tell an API that lives from its picture.

    Args:
        answer: of a surface whose answers are dated.

    Returns:
        A finding ``unhealthy`` where the date was once seen to move and then stood still for
        three runs, this one among them.
    """
    if answer.stamp is None:
        return None
    pulse = answer.pulse.after(answer.stamp, answer.exchange.timing.at)
    if not pulse.stands_still:
        return None
    since = datetime.fromtimestamp(pulse.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return Finding("unhealthy", f"its timestamp has stood still since {since}")
