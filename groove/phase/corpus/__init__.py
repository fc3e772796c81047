"""Songs as sound and sound as labelled chunks."""
