"""The Tokenizations tab: the form, the estimate, the preview and the cards."""
