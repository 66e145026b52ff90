"""Pages of HTML about releases: one file for each release, and a catalogue of many with what changed between two.

A page is made of values alone, so that the same release gives the same bytes everywhere. It asks for nothing: style
and script stand in the page, and its Content-Security-Policy lets nothing else be loaded.
"""
