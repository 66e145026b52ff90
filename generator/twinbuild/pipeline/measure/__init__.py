"""Images under load: with each knob at its bounds, or with the same traffic to two of them."""
