"""``twinbuild``: the group of verbs. A verb's module is imported only when it is called, so that starting is quick."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Final, NoReturn

import click

from twinbuild import __version__

__all__ = ["main"]

# verb: (module, what `--help` says of it)
_VERBS: Final = {
    "archive": ("archive", "Keep releases for years, with all that is needed to build them again."),
    "artifacts": ("artifacts", "Take the files of the model out of a release."),
    "audit": ("audit", "Keep an append-only log of who did what to which release, and verify it."),
    "approve": ("approve", "Sign that a release may go to a stage."),
    "build": ("build", "Build the images of a release from its lock, without a network."),
    "capture": ("capture", "Print what is really there in an environment, for `parity`."),
    "completion": ("completion", "Print the completion script of a shell."),
    "challenge": ("challenge", "Compare what independent rebuilders got from the sources of a release."),
    "check-config": ("check_config", "Hold a configuration against the knobs of a release, before it is deployed."),
    "compare": ("compare", "Compare the files and the configuration of two images."),
    "diff": ("diff", "Show what two releases do not share, by section, with the risk."),
    "doctor": ("doctor", "Say what this machine can do, and what to do about the rest."),
    "explain": ("explain", "Explain an error code."),
    "explain-mismatch": ("explain_mismatch", "Say why two things that should be the same bytes are not."),
    "family": ("family", "List, show and test the templates of model families."),
    "fetch": ("fetch", "Bring everything that the lock names into the store."),
    "image": ("image", "List and inspect the images in the store."),
    "init": ("init", "Write a first release.yaml, or a project of a model family."),
    "key": ("key", "Make keys that sign, name them; rotate and revoke them in a trust root."),
    "lint": ("lint", "Check that a spec keeps the conventions of names and versions."),
    "lock": ("lock", "Pin every dependency by digest, and store it."),
    "matrix": ("matrix", "Show variants and platforms: locked, built, sizes, sources."),
    "parity": ("parity", "Compare two releases, or a release with what really runs."),
    "measure": ("measure", "Measure what each knob does to latency, throughput and memory."),
    "policy": ("policy", "Hold a release against the organisation's policy."),
    "promote": ("promote", "Bring a release to a stage, as the policy allows it."),
    "pull": ("pull", "Bring an image from a registry into the store."),
    "push": ("push", "Push a release's images into a registry."),
    "rebuild": ("rebuild", "Build the images of a release anew, and sign what they are."),
    "release": ("release", "Lock, build, build again, compare and describe."),
    "reproduce": ("reproduce", "Build an archived release again, from the archive alone, and compare."),
    "rollback": ("rollback", "Bring a stage back to the last good release."),
    "report": ("report", "Write the page of a release: one file of HTML that loads nothing."),
    "run": ("run", "Start the built service in a sandbox."),
    "sign": ("sign", "Sign a release."),
    "simulate": ("simulate", "Play a rollout through: promoted, held back or rolled back."),
    "site": ("site", "Write a catalogue of releases: pages of HTML that load nothing."),
    "spec": ("spec", "Check a spec and print it, overlays merged."),
    "store": ("store", "Verify the store, collect garbage, say what it holds."),
    "sbom": ("sbom", "Check, compare, export and scan bills of materials; say what holds of vulnerabilities."),
    "schema": ("schema", "Print the JSON Schema of release.yaml, a release manifest or policy.yaml."),
    "shadow": ("shadow", "Send the same traffic to two releases, and compare what they answer."),
    "show": ("show", "Print the release manifest of a release."),
    "test": ("test", "Ask each built image what the spec's tests ask."),
    "tool": ("tool", "Keep twinbuild itself with a Python, and run it from there."),
    "trust": ("trust", "Keep a trust root: whose keys count for what, and the policy."),
    "validate": ("validate", "Check that a release is whole: every file and image that it covers."),
    "why": ("why", "Say why a package or a file is in the image."),
    "verify": ("verify", "Build again under other conditions and compare every byte."),
    "verify-release": ("verify_release", "Verify who signed a release, and that it is what they signed."),
}
_GARBAGE: Final = 100_000  # objects between two looks for cycles: with Python's own 700, a tenth of a start goes there
_HIDDEN: Final = {"second-build": "second", "rebuild-archived": "rebuild_archived"}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _VERBS[cmd_name][0] if cmd_name in _VERBS else _HIDDEN.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(f"twinbuild.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        known = name in _VERBS or name in _HIDDEN
        if not known and not name.startswith("-") and not ctx.resilient_parsing:  # a shell that completes says nothing
            import difflib

            near = difflib.get_close_matches(name, _VERBS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no verb {name[:80]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, summary) for verb, (_, summary) in sorted(_VERBS.items())])


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a difference, 2 spec or usage, 3 lock, 4 fetch or environment, 5 integrity, "
    "6 build or test, 7 not reproducible, 8 refused by policy or signature, 70 a defect of twinbuild.",
)
@click.version_option(__version__, prog_name="twinbuild", message="%(prog)s %(version)s")
def cli() -> None:
    """Releases of machine-learning models: everything pinned, built twice, shipped when the bytes agree."""


def main() -> NoReturn:
    """Run the command line and exit."""
    from twinbuild.cli.outcome import end_in_order, open_streams, run

    gc.set_threshold(_GARBAGE)
    open_streams()
    end_in_order()
    sys.exit(run(cli, sys.argv[1:]))


if __name__ == "__main__":
    main()
