"""The files of the model in a release: signed as OpenSSF's model signing has them, and taken out of the image."""
