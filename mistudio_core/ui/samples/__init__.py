"""The Samples tab: search, filters, order, cards, the reader and export."""
