from mistudio_core.ui.app import shell
from mistudio_core.ui.finder import dialog as finder
from mistudio_core.ui.sequences import page as sequences_page

library = shell.enter()
finder.draw(library)
sequences_page.draw(library)
