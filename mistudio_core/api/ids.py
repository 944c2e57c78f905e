"""The ids in the paths, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

DatasetId = Annotated[str, Path(description="The id of a dataset.", examples=["ds_k3v9x2m7q1ab"])]
TokenizationId = Annotated[str, Path(description="The id of a tokenization.", examples=["tok_k3v9x2m7q1ab"])]
JobId = Annotated[str, Path(description="The id of a job.", examples=["job_k3v9x2m7q1ab"])]
