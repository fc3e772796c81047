"""How good a model and its grooves are: references, distances, copies. No fitting, no drawing."""
