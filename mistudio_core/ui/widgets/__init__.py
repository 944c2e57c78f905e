"""Elements that several pages draw: badges, figures, charts, tokens, dialogs."""
