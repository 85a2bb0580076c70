"""Nothing that a library, a thread or Python itself writes shows a secret that is known.

Each case is a process of its own: what is guarded belongs to all of it.
"""

import subprocess
import sys
from textwrap import dedent
from typing import Final

import pytest

SECRET: Final = "pl4nted-secret"
BEFORE: Final = f"""
    import asyncio, logging, sys, threading, warnings
    from exporter.model.redaction import remember
    from exporter.logs.uncaught import guard
    guard()
    SECRET = "{SECRET}"
    remember(SECRET)
    other = logging.getLogger("some.library")

    class Odd:
        def __str__(self):
            raise ValueError(SECRET)

    class Late:
        def __del__(self):
            raise ValueError(SECRET)

    def fail():
        raise ValueError(SECRET)

    async def failing():
        fail()

    async def nobody_asks():
        task = asyncio.create_task(failing())
        await asyncio.wait([task])

    async def called():
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(0)

    async def told():
        context = {{"message": SECRET, "future": SECRET, "exception": ValueError(SECRET)}}
        asyncio.get_running_loop().call_exception_handler(context)

    async def told_in_vain():
        context = {{"message": SECRET, "odd": Odd()}}
        asyncio.get_running_loop().call_exception_handler(context)
    """
HIDDEN: Final = "<secret>"


def said(code: str) -> tuple[str, int]:
    """What a process writes that is guarded and then does this."""
    script = dedent(BEFORE) + dedent(code)
    ended = subprocess.run(  # what is run is written above
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout == ""
    return ended.stderr, ended.returncode


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (
            'other.warning("because of %s", SECRET)',
            f'msg="because of {HIDDEN}" logger=some.library',
        ),
        ("other.error(SECRET, exc_info=ValueError(SECRET))", f"ValueError: {HIDDEN}"),
        ("try: fail()\nexcept ValueError: other.exception('x')", f"ValueError: {HIDDEN}"),
        ("other.propagate = False; other.warning(SECRET)", f"msg={HIDDEN}"),
        ('other.warning("%d", SECRET)', 'msg="%d (without its arguments: TypeError)"'),
        ('other.warning("%s", Odd())', 'msg="%s (without its arguments: ValueError)"'),
        ('other.warning(SECRET, extra={"fields": {"x": Odd()}})', "by=some.library:"),
        ("warnings.warn(SECRET)", f"UserWarning: {HIDDEN}"),
        ("asyncio.run(nobody_asks())", f"ValueError: {HIDDEN}"),
        ("asyncio.run(called())", f"ValueError: {HIDDEN}"),
        ("asyncio.run(told())", f"ValueError: {HIDDEN}"),
        ("asyncio.run(told_in_vain())", "logger=asyncio"),
        ("t = threading.Thread(target=fail); t.start(); t.join()", f"ValueError: {HIDDEN}"),
        ("x = Late(); del x", f"ValueError: {HIDDEN}"),
    ],
)
def test_whoever_writes_no_secret_is_in_it(code: str, shown: str) -> None:
    text, code_ = said(code)
    assert SECRET not in text
    assert shown in text
    assert all(line.startswith("ts=") for line in text.splitlines())
    assert code_ == 0


@pytest.mark.parametrize("code", ["fail()", "asyncio.run(failing())", "sys.exit(fail())"])
def test_what_ends_the_process_is_a_line_of_the_log(code: str) -> None:
    text, code_ = said(code)
    assert SECRET not in text
    (line,) = text.splitlines()
    assert "level=critical" in line
    assert f"ValueError: {HIDDEN}" in line
    assert code_ == 1


def test_no_library_writes_past_the_root() -> None:
    """All that is imported, also lazily, has no writer of its own."""
    text, code_ = said(
        """
        import importlib, pkgutil, exporter
        from logging import NullHandler, PlaceHolder
        for module in pkgutil.walk_packages(exporter.__path__, "exporter."):
            if "__main__" not in module.name:
                importlib.import_module(module.name)
        import opentelemetry.exporter.otlp.proto.grpc.trace_exporter
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        loggers = {
            name: one for name, one in logging.root.manager.loggerDict.items()
            if not isinstance(one, PlaceHolder)
        }
        assert {"aiohttp.server", "apscheduler.executors", "grpc"} & set(loggers)
        assert [
            name for name, one in loggers.items()
            if any(not isinstance(each, NullHandler) for each in one.handlers)
        ] == []
        """
    )
    assert (text, code_) == ("", 0)
