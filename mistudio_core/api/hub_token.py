"""The access token for the Hub that a request may bring: in a header, and nowhere else."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

HubToken = Annotated[
    str | None,
    Header(
        alias="X-HF-Token",
        description="An access token for the Hub, for gated and private repositories. It is used once and not stored.",
    ),
]
"""What `hf_token` is in the acts of the library."""
