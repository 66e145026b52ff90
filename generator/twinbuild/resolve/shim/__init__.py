"""pip-compile for another Python and platform than the host's; runs inside the resolver environment, never in ours.

pip-compile has no notion of a target: it resolves for the host, whatever ``--pip-args`` say, and asks an unstandardised
API for hashes. Seven points of pip and pip-tools are therefore replaced before it starts (``patches``):

1. the marker environment, with all eleven PEP 508 keys of the target;
2. ``TargetPython``, with the target's tags in order of preference;
3. the index of a project: exactly one, never "any that answers";
4. index pages that fail: only 404 means "no such project"; anything else ends the run, for pip would resolve on as
   if the project had no files and silently choose other versions;
5. metadata by range requests: where a server cannot, pip reads the whole file instead of giving up;
6. hashes: those that the index states for the one file that was chosen, so nothing is downloaded to hash it; where it
   states none, the file is named to our caller, who reads it once and asks again;
7. pinned files: the file of a pin that is kept stays the same file.

``compile`` reads one JSON request from standard input and writes one JSON answer to standard output (``resolve/python``
makes and reads them); what pip and pip-tools print goes to standard error. The versions of both are pinned, and the
tests of ``resolve`` run through this code, so a version that moves one of these points cannot pass unnoticed.
"""
