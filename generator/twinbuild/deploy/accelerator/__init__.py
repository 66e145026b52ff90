"""Accelerators: what fits what (``table``), what a wheel is for (``facts``), what a lock must be (``closure``)."""
