"""What the pages draw; the only room that imports Streamlit."""
