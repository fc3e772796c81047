"""What turns sound into the place in the bar: front end, network, bar-pointer filter."""
