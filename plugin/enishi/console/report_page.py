"""The page of a report: for now, its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render_report_page(values: Mapping[str, Any]) -> bytes:
    """The page, UTF-8."""
    return json.dumps(values).replace("<", "\\u003c").encode("utf-8", "replace")
