import streamlit as st

from mistudio_core.ui.app import shell
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.statistics import compare_page

library = shell.enter()
finder.draw(library)

st.title("Compare tokenizations", anchor=False)
st.caption("Two to four tokenizations side by side, or one text as several tokenizers cut it.")
compare_page.draw(library)
