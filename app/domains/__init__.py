"""One folder for each field of the trade; imports point downwards only."""
