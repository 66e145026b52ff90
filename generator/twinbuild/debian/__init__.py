"""Debian's formats, pure: control files, versions, dependency closures, package archives, the dpkg database."""
