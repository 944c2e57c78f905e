import streamlit as st

from mistudio_core.ui.app import shell
from mistudio_core.ui.jobs import page as jobs_page

library = shell.enter()

st.title("Jobs", anchor=False)
st.caption("Running, queued and finished jobs. Jobs continue when this page is closed.")
jobs_page.draw(library)
