import streamlit as st

from mistudio_core.ui.adding import example_button, forms
from mistudio_core.ui.app import shell
from mistudio_core.ui.datasets import dataset_list
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.widgets import deletion

library = shell.enter()
finder.draw(library)

st.title("Datasets", anchor=False)
st.caption("Text datasets and token sequences for interpretability research.")
if library.settings.shared:
    st.info(
        "Everybody who opens this app shares this library and sees what is in it, except files that others have "
        "uploaded without sharing them. The machine may be reset at any time, so download what you want to keep.",
        icon=":material/groups:",
    )
deletion.offer_undo()
if library.datasets():
    late = forms.draw(library, with_sample=True)
    dataset_list.draw(library)
else:
    example_button.invite(library)
    late = forms.draw(library, with_sample=False)
deletion.dialog(library)
late()
