from mistudio_core.ui.app import shell
from mistudio_core.ui.datasets import page as dataset_page
from mistudio_core.ui.widgets import deletion

library = shell.enter()
deletion.offer_undo()
dataset_page.draw(library)
deletion.dialog(library)
