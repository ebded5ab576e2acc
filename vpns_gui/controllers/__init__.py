"""Controllers: connect the session and the run thread to the views."""
