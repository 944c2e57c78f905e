from mistudio_core.ui import shell, tokens_view

library = shell.enter()
tokens_view.draw(library)
