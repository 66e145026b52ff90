"""What becomes of a release that was made or signed: archived and logged, where the environment names both.

No file of a project decides it, as none decides what a key signs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twinbuild.errors import Finding, Location, TwinbuildError, UsageError
from twinbuild.model.settings import ARCHIVE, AUDIT_KEY, AUDIT_LOG

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.govern.signer import Signer
    from twinbuild.pipeline.reading.released import Released

__all__ = ["Recorded", "Recording", "recording_of"]

_PATIENCE: Final = 60.0  # seconds that another process may write to the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was done: lines for people, and the same for programs."""

    lines: tuple[str, ...] = ()
    document: tuple[tuple[str, object], ...] = ()


class Recording:
    """Where releases are archived and logged, "" for neither; ``signer`` is that of the log."""

    def __init__(self, *, archive: str, log: str, signer: Signer | None) -> None:
        self.archive, self.log, self.signer = archive, log, signer

    def record(
        self,
        directory: Path,
        *,
        actions: tuple[str, ...],
        keyid: str = "",
        spec: Path | None = None,
        overlays: tuple[Path, ...] = (),
        quiet: bool = True,
    ) -> Recorded:
        """Archive and log the release of a directory, each where it is asked for; what is done already stays.

        ``keyid`` signed it. Raises what failed, with TB8044 before it, which says what was done.
        """
        if not self.archive and not self.log:
            return Recorded()
        from twinbuild.pipeline.reading.released import read_release

        release = read_release(directory)
        done = Recorded()
        try:
            if self.archive:
                done = self._archived(release, spec, overlays, quiet=quiet)
            if self.log:
                logged = self._logged(release, actions, keyid)
                done = Recorded(lines=done.lines + logged.lines, document=done.document + logged.document)
        except TwinbuildError as error:
            raise type(error)((self._undone(release, done), *error.findings)) from error
        return done

    def _archived(self, release: Released, spec: Path | None, overlays: tuple[Path, ...], *, quiet: bool) -> Recorded:
        from twinbuild.cli.kept import opened_for
        from twinbuild.cli.outcome import shown
        from twinbuild.cli.session import offline, session
        from twinbuild.pipeline.archive.adding import add_release, project_of

        project = project_of(release, spec, overlays)
        with (
            session(beside=project.spec_path, quiet=quiet) as machine,
            opened_for(self.archive, machine, writing=True) as archive,
        ):
            added = add_release(release, project, archive, offline(machine))
            machine.progress("", 0, 0)
        without = f", without its twinbuild: {added.untooled}" if added.untooled else ""
        return Recorded(
            lines=(f"archived in {shown(self.archive)}{without}",),
            document=(("archived", {"archive": self.archive, "record": str(added.record), "known": added.known}),),
        )

    def _logged(self, release: Released, actions: tuple[str, ...], keyid: str) -> Recorded:
        from twinbuild.cli.outcome import shown
        from twinbuild.codec.auditentry import Entry
        from twinbuild.pipeline.audit.log import add_entries
        from twinbuild.pipeline.audit.read import read_entries

        assert self.signer is not None, "a log has its key"
        log = Path(self.log)
        metadata = release.document["metadata"]
        assert isinstance(metadata, dict)
        by = keyid or self.signer.public.keyid
        about = {"release": str(release.digest), "name": str(metadata["name"]), "version": str(metadata["version"])}
        new: list[Entry] = []

        def unknown(entries: Sequence[Entry]) -> Sequence[Entry]:  # asked while nobody else appends
            known = {(entry.action, entry.by) for entry in read_entries(log)[2] if entry.release == about["release"]}
            new.extend(entry for entry in entries if (entry.action, entry.by) not in known)
            return new

        entries = tuple(Entry(action=action, by=by, time=int(time.time()), **about) for action in actions)
        signed = add_entries(log, entries, self.signer, wait=_PATIENCE, wanted=unknown)
        if new:
            text = (
                f"logged   {', '.join(each.action for each in new)}: entry {signed.size - 1} of {shown(signed.origin)}"
            )
        else:
            text = f"logged   before in {shown(self.log)}"
        return Recorded(lines=(text,), document=(("logged", [each.action for each in new]),))

    def _undone(self, release: Released, done: Recorded) -> Finding:
        archived = any(name == "archived" for name, _ in done.document)
        yet = [text for text, is_done in (("archived", archived), ("logged", False)) if is_done or self._asked(text)]
        told = ", ".join(f"{'is' if text == 'archived' and archived else 'is not'} {text}" for text in yet)
        return Finding(
            code="TB8044",
            message=f"the release {release.digest} lies in {release.directory}, and {told}",
            hint="correct what is said besides, and run the same command again",
            where=Location(file=str(release.directory)),
        )

    def _asked(self, what: str) -> bool:
        return bool(self.archive if what == "archived" else self.log)


def recording_of(environment: Mapping[str, str]) -> Recording:
    """What the environment asks for; a key that cannot sign, and a log that is none, are said before anything is made.

    Raises UsageError TB8043, and what ``signer_of`` and ``read_checkpoint`` raise.
    """
    archive, log, key = (environment.get(name, "") for name in (ARCHIVE, AUDIT_LOG, AUDIT_KEY))
    if bool(log) != bool(key):
        missing, there = (AUDIT_KEY, AUDIT_LOG) if log else (AUDIT_LOG, AUDIT_KEY)
        raise UsageError.of("TB8043", f"{there} is set and {missing} is not", hint="set both, or neither", where=there)
    if not log:
        return Recording(archive=archive, log="", signer=None)
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.pipeline.audit.log import read_checkpoint

    signer = signer_of(key, None, None, environment)
    read_checkpoint(Path(log), key=signer.public)
    return Recording(archive=archive, log=log, signer=signer)
