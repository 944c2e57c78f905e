"""The list of datasets, the forms that add one, and the page of one dataset."""
