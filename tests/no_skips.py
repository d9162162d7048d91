"""With CI=true nothing may be skipped for want of a part: a skip, of a test or of a whole file, is a failure."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest


def refuse(report: Any) -> Any:
    """Turn a skip into a failure that keeps its reason; expected failures are left alone."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped with CI=true: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Refuse skipped tests."""
    return refuse((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Refuse skipped files."""
    return refuse((yield))
