import streamlit as st

from mistudio_core.ui import jobs_list, shell

library = shell.enter()

st.title("Jobs", anchor=False)
st.caption("What runs, what waits, and what came of the rest. Jobs go on when this page is closed.")
jobs_list.draw(library)
