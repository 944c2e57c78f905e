"""Altair charts of statistics: results in, figures out. One file for each family of charts; no Streamlit.

No colour is set here: series take the categorical and sequential colours of the theme that draws them. What changes
while a job runs is only the data, so a page that gives a chart a stable key updates it in place.
"""
