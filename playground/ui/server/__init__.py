"""What stands between the browser and the page: sockets, headers, scripts, Streamlit's insides."""
