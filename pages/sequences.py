from mistudio_core.ui.app import shell
from mistudio_core.ui.sequences import page as sequences_page

library = shell.enter()
sequences_page.draw(library)
