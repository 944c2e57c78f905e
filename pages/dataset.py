from mistudio_core.ui.app import shell
from mistudio_core.ui.datasets import page as dataset_page
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.widgets import deletion

library = shell.enter()
finder.draw(library)
deletion.offer_undo()
dataset_page.draw(library)
deletion.dialog(library)
