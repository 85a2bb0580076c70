"""What of our page another server can show."""

from tests.bench.exposition import pushed, series

PAGE = """\
# HELP oran_mano_probe_success 1 when all was well, not process_time.
# TYPE oran_mano_probe_success gauge
oran_mano_probe_success{target="process_a"} 1.0
# HELP process_open_fds Open files.
# TYPE process_open_fds gauge
process_open_fds 9.0
python_info{version="3"} 1.0
"""


def test_what_both_tell_of_themselves_is_left_out() -> None:
    assert pushed(PAGE) == "".join(PAGE.splitlines(keepends=True)[:3])
    assert series(PAGE) == 3
