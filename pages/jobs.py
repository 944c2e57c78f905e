import streamlit as st

from mistudio_core.ui.app import shell
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.jobs import page as jobs_page

library = shell.enter()
finder.draw(library)

st.title("Jobs", anchor=False)
st.caption("Running, queued and finished jobs. Jobs continue when this page is closed.")
jobs_page.draw(library)
