"""Recipe, plan, engines, packing and writers; knows neither Streamlit nor a database."""
