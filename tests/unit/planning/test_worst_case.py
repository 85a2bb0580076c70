"""The worst case of our own requests, beside what they may come to."""

from exporter.config.schema import Auth, ClassLimit, RateLimits, Resources
from exporter.config.values import Duration
from exporter.planning.plan import RENEWAL_SPACING
from exporter.planning.worst_case import worst_case
from tests.unit.planning.test_plan import planned


def test_the_defaults_keep_within_their_share_of_each_rate_class() -> None:
    rows = worst_case(planned())
    assert {row.rate_class for row in rows} == {"standard", "deployment", "monitoring"}
    assert not any(row.over for row in rows)


def test_a_short_interval_is_over_the_share() -> None:
    over = {row.rate_class for row in worst_case(planned(interval=Duration(1))) if row.over}
    assert over == {"standard", "monitoring"}


def test_traffic_counts_every_id_of_a_fan_out_and_one_of_a_rotation() -> None:
    one = planned(resources=Resources(max=1), interval=Duration(60))
    many = planned(resources=Resources(max=11), interval=Duration(60))
    before = {row.rate_class: row.requests for row in worst_case(one)}
    after = {row.rate_class: row.requests for row in worst_case(many)}
    assert after["monitoring"] - before["monitoring"] == 3 * 10
    assert after["standard"] == before["standard"]


def test_traffic_counts_login_and_refresh_as_often_as_they_may_be() -> None:
    reads = {job.key.surface for job in planned().jobs if job.surface.rate_class == "standard"}
    asked = {row.rate_class: row.requests for row in worst_case(planned(interval=Duration(60)))}
    assert asked["standard"] == len(reads) + 2 * 60 / RENEWAL_SPACING
    open_to_all = {row.rate_class: row.requests for row in worst_case(planned(auth=Auth()))}
    assert open_to_all["standard"] == 0


def test_configured_classes_and_share_are_what_is_allowed() -> None:
    limits = RateLimits(share=0.5, classes={"standard": ClassLimit(120, Duration(30))})
    allowed = {row.rate_class: row.allowed for row in worst_case(planned(rate_limits=limits))}
    assert allowed == {"standard": 120, "deployment": 50, "monitoring": 2500}
