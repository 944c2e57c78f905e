import streamlit as st

from mistudio_core.ui import maintenance, settings_view, shell

library = shell.enter()

st.title("Settings", anchor=False)
st.caption("Where everything lies, what may be done, and what this runs on.")
settings_view.storage(library)
maintenance.draw(library)
settings_view.limits(library)
settings_view.versions()
