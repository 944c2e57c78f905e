"""Who is at the browser of a shared library: somebody who has signed in, or a visitor with a signed cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import streamlit as st

from mistudio_core.library import visitors
from mistudio_core.library.permissions import LOCAL, Role
from mistudio_core.settings import Settings
from mistudio_core.ui.app import keys

_COOKIE: Final = "mistudio_visitor"
_COOKIE_SECONDS: Final = 365 * 86_400
_KEEP: Final = st.components.v2.component(
    "visitor_cookie",
    html="<span></span>",
    js="""
export default ({ data }) => {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${data.name}=${data.value}; Path=/; Max-Age=${data.seconds}; SameSite=Lax${secure}`
}
""",
)


class Visitor(NamedTuple):
    """The name of who is at the browser; `role` is None where the name decides it."""

    name: str
    role: Role | None = None


def current(settings: Settings) -> Visitor:
    """Return who asks. Where sign-in is configured, those who have not signed in only look."""
    if not settings.shared:
        return Visitor(LOCAL)
    if signs_in():
        return Visitor(_signed_in_name()) if st.user.get("is_logged_in") else Visitor("reader", "reader")
    if keys.VISITOR not in st.session_state:
        known = visitors.name_in(settings.home, str(st.context.cookies.get(_COOKIE)))
        st.session_state[keys.VISITOR] = known or visitors.new_name()
    return Visitor(str(st.session_state[keys.VISITOR]))


def signs_in() -> bool:
    """Tell whether `secrets.toml` names a provider to sign in with."""
    return "is_logged_in" in st.user


def remember(settings: Settings) -> None:
    """Have the browser keep a new visitor's name, so that what they started stays theirs after a reload."""
    name = st.session_state.get(keys.VISITOR)
    if not settings.shared or signs_in() or name is None:
        return
    value = visitors.signed(settings.home, name)
    if st.context.cookies.get(_COOKIE) != value:
        _KEEP(key="visitor_cookie", data={"name": _COOKIE, "value": value, "seconds": _COOKIE_SECONDS})


def draw_sign_in() -> None:
    """Draw the buttons to sign in with each provider, or who has signed in and the button to sign out."""
    if not signs_in():
        return
    with st.sidebar:
        if st.user.get("is_logged_in"):
            st.text(_signed_in_name())
            st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=st.logout)
            return
        for provider, label in _providers().items():
            st.button(
                label,
                key=f"sign_in:{provider or 'default'}",
                icon=":material/login:",
                on_click=st.login,
                args=(provider,),
            )


def _signed_in_name() -> str:
    """Return the verified address of who has signed in, else the provider's own name for them.

    A name without an `@` is marked, so that no provider can give out that of the host or of a visitor.
    """
    address = str(st.user.get("email") or "").strip().lower()
    if "@" in address and st.user.get("email_verified") is not False:
        return address
    return f"user:{st.user.get('iss', '')}:{st.user.get('sub', '')}"


def _providers() -> Mapping[str | None, str]:
    try:
        section: Mapping[str, Any] = st.secrets.get("auth", {})
    except FileNotFoundError:
        section = {}
    named = [str(name) for name, value in section.items() if isinstance(value, Mapping)]
    return {name: f"Sign in with {name.replace('_', ' ').title()}" for name in named} or {None: "Sign in"}
