import streamlit as st

from mistudio_core.ui.app import shell
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.settings import maintenance
from mistudio_core.ui.settings import page as settings_page

library = shell.enter()
finder.draw(library)

st.title("Settings", anchor=False)
st.caption("Storage, limits, maintenance and versions.")
settings_page.storage(library)
maintenance.draw(library)
settings_page.limits(library)
settings_page.versions()
