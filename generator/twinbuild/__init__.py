"""twinbuild: releases of machine-learning models, built twice and shipped only when the bytes agree.

The rooms of this package and the direction of their imports are described in ``docs/architecture.md``.
"""

__version__ = "0.1.0"
