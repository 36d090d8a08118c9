"""The page; the only importer of Streamlit. One file per place on the screen."""
