"""pip-compile for another Python and platform than the host's; runs inside the resolver environment, not in ours.

pip-compile has no notion of a target: it resolves for the host, whatever ``--pip-args`` say, and asks an unstandardised
API for hashes. Six points of pip and pip-tools are therefore replaced here before it starts:

1. the marker environment, with all eleven PEP 508 keys of the target;
2. ``TargetPython``, with the target's tags in order of preference;
3. the index of a project: exactly one, never "any that answers";
4. index pages that fail: only 404 means "no such project"; anything else ends the run, for pip would resolve on as
   if the project had no files and silently choose other versions;
5. hashes: those that the index states for the one file that was chosen, so nothing is downloaded to hash it;
6. pinned files: the file of a pin that is kept stays the same file.

Reads one JSON request from standard input and writes one JSON answer to standard output (``resolve/python.py`` has
both shapes); what pip and pip-tools print goes to standard error.
"""

import concurrent.futures
import fnmatch
import hashlib
import json
import os
import pathlib
import shlex
import sys
import tempfile
import urllib.parse
from typing import Any

import pip
import piptools.repositories.local
import piptools.repositories.pypi
from pip._internal.cli.req_command import RequirementCommand
from pip._internal.exceptions import NetworkConnectionError, PipError, ResolutionTooDeepError
from pip._internal.index import collector
from pip._internal.index.package_finder import LinkEvaluator, LinkType, PackageFinder
from pip._internal.models.link import Link
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.target_python import TargetPython
from pip._internal.resolution.resolvelib.candidates import ExtrasCandidate, LinkCandidate
from pip._vendor.packaging import markers, tags
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.requests import RequestException
from piptools.scripts.compile import cli

# ruff: noqa: SLF001, ARG001  replacing private parts of pip, with their signatures, is what this file is for

UNKNOWABLE = frozenset({"platform_release", "platform_version"})  # of the kernel that will run the image


class Refusal(Exception):
    """Ends the run with a machine-readable reason. Not a PipError, so nobody on the way swallows it."""

    def __init__(self, kind: str, **facts: object) -> None:
        super().__init__(kind)
        self.facts = {"kind": kind, **facts}


class Target:
    """What was asked for, and what was seen on the way."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.sizes: dict[str, int] = {}  # address without fragment → size that the index states
        self.pages: dict[str, dict[str, Any]] = {}  # project → index, whether it is missing, file name → verdict
        self.resolvers: list[Any] = []

    def index_of(self, project: str) -> str:
        """The one index on which a project is looked for."""
        names = [name for pattern, name in self.request["bindings"] if fnmatch.fnmatchcase(project, pattern)]
        if len(set(names)) > 1:
            raise Refusal("ambiguous", project=project, indexes=sorted(set(names)))
        return names[0] if names else "default"

    def page(self, project: str) -> dict[str, Any]:
        """The record of a project's page."""
        empty = {"index": self.index_of(project), "missing": False, "files": {}}
        return self.pages.setdefault(project, empty)


def patch_target(target: Target) -> None:
    """Replace markers, tags and Python version by the target's (1, 2)."""
    environment = target.request["markers"]
    markers.default_environment = lambda: dict(environment)
    version = tuple(target.request["python"])
    python = TargetPython(py_version_info=version)
    python._valid_tags = [tag for text in target.request["tags"] for tag in tags.parse_tag(text)]

    build_finder = RequirementCommand._build_package_finder

    def finder_for_target(self: Any, options: Any, session: Any, **_: Any) -> Any:
        return build_finder(self, options=options, session=session, target_python=python)

    make_resolver = RequirementCommand.make_resolver.__func__

    def resolver_for_target(*positional: Any, **named: Any) -> Any:
        named["py_version_info"] = version
        resolver = make_resolver(RequirementCommand, *positional, **named)
        target.resolvers.append(resolver)
        return resolver

    RequirementCommand._build_package_finder = finder_for_target
    RequirementCommand.make_resolver = staticmethod(resolver_for_target)


def patch_indexes(target: Target) -> None:
    """Bind each project to one index, and tell a project that is not there from an index that fails (3, 4)."""
    addresses = target.request["indexes"]

    def one_location(self: Any, project_name: str) -> list[str]:
        project = canonicalize_name(project_name)
        index = target.page(project)["index"]
        if index not in addresses:
            raise Refusal("no-address", project=project, index=index)
        return [f"{addresses[index].rstrip('/')}/{urllib.parse.quote(project)}/"]

    get_response = collector._get_simple_response

    def fetch_response(self: Any, location: Any, package_name: str | None = None) -> Any:
        project = canonicalize_name(package_name or "")
        page = target.page(project)
        url = location.url.partition("#")[0]
        if url.startswith("file:"):
            url = urllib.parse.urljoin(url, "index.html")
        try:
            response = get_response(url, session=self.session, force_revalidate=True)
        except NetworkConnectionError as error:
            status = getattr(error.response, "status_code", None)
            if status != 404:
                raise Refusal("network", project=project, index=page["index"], status=status) from error
            page["missing"] = True
            return None
        except (PipError, RequestException, OSError) as error:
            raise Refusal("network", project=project, index=page["index"], status=None, cause=cause(error)) from error
        except (collector._NotAPIContent, collector._NotHTTP) as error:
            raise Refusal("not-an-index", project=project, index=page["index"]) from error
        asked, answered = urllib.parse.urlsplit(url), urllib.parse.urlsplit(response.url)
        if page["index"] != "default" and asked.hostname != answered.hostname:
            raise Refusal("redirected", project=project, index=page["index"], host=answered.hostname)
        return collector._make_index_content(response, cache_link_parsing=False)

    SearchScope.get_index_urls_locations = one_location
    collector.LinkCollector.fetch_response = fetch_response


def cause(error: BaseException) -> str:
    """The innermost class name of a failed connection: text would carry addresses."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return type(error).__name__


def patch_files(target: Target) -> None:
    """Note every file's size and verdict, and hold pinned files still (5, 6)."""
    from_json = Link.from_json.__func__

    def sized(cls: Any, file_data: dict[str, Any], page_url: str) -> Any:
        link = from_json(cls, file_data, page_url)
        size = file_data.get("size")
        if link is not None and isinstance(size, int) and not isinstance(size, bool) and size > 0:
            target.sizes[link.url_without_fragment] = size
        return link

    evaluate = LinkEvaluator.evaluate_link

    def evaluate_and_note(self: Any, link: Any) -> Any:
        verdict, detail = evaluate(self, link)
        note(target, canonicalize_name(self.project_name), link, verdict)
        return verdict, detail

    find_all = PackageFinder.find_all_candidates

    def pinned_file_only(self: Any, project_name: str) -> Any:
        offered = find_all(self, project_name)
        pin = target.request["pins"].get(canonicalize_name(project_name))
        if pin is None or not any(each.link.filename == pin["filename"] for each in offered):
            return offered
        return [each for each in offered if may_stand(target, each, pin)]

    def one_hash(self: Any, ireq: Any) -> set[str]:
        return {f"sha256:{sha256(candidates(target)[canonicalize_name(ireq.name)].source_link)}"}

    Link.from_json = classmethod(sized)
    LinkEvaluator.evaluate_link = evaluate_and_note
    PackageFinder.find_all_candidates = pinned_file_only
    piptools.repositories.pypi.PyPIRepository.get_hashes = one_hash
    piptools.repositories.local.LocalRequirementsRepository.get_hashes = one_hash


def note(target: Target, project: str, link: Any, verdict: Any) -> None:
    """Record whether a file may be chosen, or why not."""
    page = target.page(project)
    local = link.is_file and verdict is LinkType.candidate  # to which pip does not apply a cut-off
    if verdict is LinkType.upload_time_missing or (local and target.request["cutoff"]):
        raise Refusal("no-upload-time", project=project, index=page["index"], file=link.filename)
    if link.filename.endswith((".whl", ".tar.gz", ".zip")):
        withdrawn = link.is_yanked and verdict is LinkType.candidate
        page["files"][link.filename] = "yanked" if withdrawn else verdict.name


def may_stand(target: Target, offered: Any, pin: dict[str, str]) -> bool:
    """Whether a candidate is of another version than the pin, or the pinned file with the pinned bytes."""
    if str(offered.version) != pin["version"]:
        return True
    if offered.link.filename != pin["filename"]:
        return False
    stated = offered.link._hashes.get("sha256")
    if stated is not None and stated != pin["sha256"]:
        project = canonicalize_name(offered.name)
        facts = {"file": pin["filename"], "expected": pin["sha256"], "got": stated}
        raise Refusal("changed", project=project, index=target.index_of(project), **facts)
    return True


def candidates(target: Target) -> dict[str, Any]:
    """The chosen candidate of each project."""
    mapping = target.resolvers[-1]._result.mapping
    return {str(each.project_name): each for each in mapping.values() if isinstance(each, LinkCandidate)}


def sha256(link: Any) -> str:
    """What the index states for a file; a file on this disk is hashed."""
    stated = link._hashes.get("sha256")
    if stated is None and link.is_file:
        with pathlib.Path(link.file_path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    if not isinstance(stated, str) or len(stated) != 64:
        raise Refusal("no-sha256", file=link.filename)
    return stated.lower()


def size(target: Target, link: Any, session: Any) -> int:
    """The index's word (PEP 700), else the file's, else the file server's."""
    known = target.sizes.get(link.url_without_fragment)
    if known:
        return known
    if link.is_file:
        return pathlib.Path(link.file_path).stat().st_size
    plain = {"Accept-Encoding": "identity"}
    try:
        response = session.head(link.url_without_fragment, headers=plain, allow_redirects=True)
        length = response.headers.get("Content-Length", "") if response.ok else ""
        if not length.isdecimal():  # some servers answer HEAD badly: ask for one byte
            ranged = {**plain, "Range": "bytes=0-0"}
            with session.get(link.url_without_fragment, headers=ranged, stream=True) as response:
                length = response.headers.get("Content-Range", "").rpartition("/")[2]
    except (PipError, RequestException, OSError) as error:
        raise Refusal("network", file=link.filename, status=None, cause=cause(error)) from error
    if not length.isdecimal() or int(length) == 0:
        raise Refusal("no-size", file=link.filename)
    return int(length)


def undecided(parsed: Any, environment: dict[str, str]) -> bool | None:
    """A marker's value where the kernel's keys may hold anything; None where it depends on them."""
    if isinstance(parsed, tuple):
        if UNKNOWABLE & {str(parsed[0]), str(parsed[2])}:
            return None
        marker = markers.Marker(" ".join(part.serialize() for part in parsed))
        return bool(marker.evaluate(environment))
    alternatives: list[list[bool | None]] = [[]]
    for part in parsed:
        if part == "or":
            alternatives.append([])
        elif part != "and":
            alternatives[-1].append(undecided(part, environment))
    values = [False if False in terms else None if None in terms else True for terms in alternatives]
    return True if True in values else None if None in values else False


def requires(project: str, candidate: Any, extras: set[str], chosen: dict[str, Any]) -> list[str]:
    """The projects that a distribution requires on this target with these extras."""
    for text in candidate.dist.metadata.get_all("Requires-Dist", []):
        if not any(key in text for key in UNKNOWABLE):
            continue
        marker = markers.Marker(text.partition(";")[2].strip())
        for extra in extras or {""}:
            if undecided(marker._markers, {"extra": extra}) is None:
                raise Refusal("kernel-marker", project=project, requirement=text)
    names = {str(canonicalize_name(each.name)) for each in candidate.dist.iter_dependencies(extras)} - {project}
    if not names <= chosen.keys():
        raise Refusal("incomplete", project=project, absent=sorted(names - chosen.keys()))
    return sorted(names)


def wheels(target: Target) -> list[dict[str, Any]]:
    """What was chosen, one file of one index for each project."""
    chosen = candidates(target)
    extras: dict[str, set[str]] = {}
    resolver = target.resolvers[-1]
    for each in resolver._result.mapping.values():
        if isinstance(each, ExtrasCandidate):
            extras.setdefault(str(each.project_name), set()).update(str(canonicalize_name(x)) for x in each.extras)
    links = {project: candidate.source_link for project, candidate in chosen.items()}
    session = resolver.factory.preparer._session
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        sizes = dict(zip(links, pool.map(lambda link: size(target, link, session), links.values()), strict=True))
    return [
        {
            "name": project,
            "version": str(candidate.version),
            "filename": links[project].filename,
            "sha256": sha256(links[project]),
            "size": sizes[project],
            "index": target.index_of(project),
            "yanked": links[project].yanked_reason,
            "extras": sorted(extras.get(project, ())),
            "requires": requires(project, candidate, extras.get(project, set()), chosen),
        }
        for project, candidate in sorted(chosen.items())
    ]


def explain(error: Exception, target: Target) -> dict[str, Any]:
    """Why nothing satisfies everything: the causes that pip names, and what their projects' pages offer."""
    impossible = error.__cause__
    causes = []
    for requirement, parent in getattr(impossible, "causes", ()):
        ireq = requirement.get_candidate_lookup()[1]
        python = not hasattr(requirement, "_ireq") and hasattr(requirement, "specifier")
        causes.append(
            {
                "project": str(requirement.project_name),
                "requirement": str(requirement.specifier if python else ireq.req if ireq else requirement),
                "python": python,
                "parent": None if parent is None else {"name": str(parent.name), "version": str(parent.version)},
            }
        )
    if not causes:
        kind = "too-deep" if isinstance(error, ResolutionTooDeepError) else "pip"
        return {"kind": kind, "cause": type(error).__name__, "text": str(error)}
    projects = {each["project"] for each in causes}
    pages = {project: page for project, page in target.pages.items() if project in projects}
    return {"kind": "impossible", "causes": causes, "pages": pages}


def arguments(request: dict[str, Any], directory: pathlib.Path) -> list[str]:
    """pip-compile's command line; it exists in this process only, so addresses show up in no process list."""
    source, constraints, output = (directory / name for name in ("in.txt", "constraints.txt", "out.txt"))
    source.write_text("".join(f"{line}\n" for line in request["requirements"]), "utf-8")
    constraints.write_text("".join(f"{line}\n" for line in request["constraints"]), "utf-8")
    if request["pins"]:  # an existing output is how pip-compile is told what to keep
        pins = (f"{name}=={pin['version']}\n" for name, pin in sorted(request["pins"].items()))
        output.write_text("".join(pins), "utf-8")
    pip_arguments = ["--only-binary=:all:", "--use-feature=fast-deps", "--no-input", "--disable-pip-version-check"]
    pip_arguments += [f"--timeout={request['timeout']}", f"--retries={request['retries']}"]
    if request["keyring"]:
        pip_arguments.append("--keyring-provider=subprocess")
    if request["certificates"]:
        pip_arguments.append(f"--cert={request['certificates']}")
    first, *others = list(request["indexes"].values()) or [""]
    pip_arguments.append(f"--index-url={first}" if first else "--no-index")
    pip_arguments += [f"--extra-index-url={address}" for address in others]
    if request["cutoff"]:
        pip_arguments.append(f"--uploaded-prior-to={request['cutoff']}")
    options = ["--quiet", "--no-config", "--no-header", "--no-annotate", "--no-emit-options", "--strip-extras"]
    options += ["--allow-unsafe", "--generate-hashes", "--no-reuse-hashes", f"--cache-dir={request['cache']}"]
    options += ["--constraint", str(constraints)] if request["constraints"] else []
    return [*options, "--pip-args", shlex.join(pip_arguments), "--output-file", str(output), str(source)]


def answer(request: dict[str, Any], directory: pathlib.Path) -> dict[str, Any]:
    """Resolve and say what was chosen, or why nothing was."""
    target = Target(request)
    patch_target(target)
    patch_indexes(target)
    patch_files(target)
    try:
        cli.main(arguments(request, directory), standalone_mode=False)
        return {
            "pip": pip.__version__,
            "wheels": wheels(target),
            "text": (directory / "out.txt").read_text("utf-8"),
            "pages": {name: target.pages[name] for name in request["pins"] if name in target.pages},
        }
    except Refusal as refusal:
        return {"error": refusal.facts}
    except PipError as error:
        return {"error": explain(error, target)}


def main() -> None:
    """Keep standard output for the answer alone, and pip's configuration out."""
    out = os.dup(1)
    os.dup2(2, 1)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="twinbuild-resolve-") as directory:
        result = answer(request, pathlib.Path(directory))
    with os.fdopen(out, "w", encoding="utf-8") as stream:
        json.dump(result, stream)


if __name__ == "__main__":
    main()
