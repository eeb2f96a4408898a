"""Other systems that a report goes to (layer 5); one file for each."""
