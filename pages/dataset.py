from mistudio_core.ui import dataset_view, deletion, shell

library = shell.enter()
dataset_view.draw(library)
deletion.dialog(library)
