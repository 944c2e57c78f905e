import streamlit as st

from mistudio_core.ui.app import shell
from mistudio_core.ui.statistics import compare_page

library = shell.enter()

st.title("Compare tokenizations", anchor=False)
st.caption("Two to four tokenizations side by side: how they cut texts, and how much of their vocabularies they share.")
compare_page.draw(library)
