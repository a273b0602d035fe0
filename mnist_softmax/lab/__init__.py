"""The lab: one HTML page in which the question a_j - y_j can be dragged, drawn and trained."""
