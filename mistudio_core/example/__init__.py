"""The little stories of the sample dataset: our own words, people and plots, put together by rule."""
