"""The page on which the API is described and tried out; all it needs comes from a package, nothing from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles

_ASSETS: Final = "docs-assets"


def describe(api: FastAPI) -> None:
    """Add the page `/docs`; its addresses are relative, so that it works wherever the API is mounted."""

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=api.title,
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon.png",
            swagger_ui_parameters={"validatorUrl": None},
        )

    found = find_spec("fastapi_offline")
    assert found is not None
    assert found.origin is not None
    api.mount(f"/{_ASSETS}", StaticFiles(directory=Path(found.origin).parent / "static"))
