"""The typer application: the verbs, how their help pages look, and what a wrong command line is told."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from s3guard import __version__
from s3guard.cli import choices, ending, verbs
from s3guard.cli.choices import Choices
from s3guard.cli.options import OTHER, PANELS
from s3guard.flags import FLAGS
from s3guard.model import UsageError
from s3guard.problems import did_you_mean

NAME: Final = "s3guard"
_FIRST_STEPS: Final = """\
First steps:
  s3guard rules                          what can be asked of a bucket
  s3guard validate policies/             whether your policies are well formed
  s3guard check logs/ -p policies/       judge records
  s3guard explain AccessDenied           what something in a report means

Exit codes: 0 judged, nothing at or above --fail-on; 1 violations; 2 wrong
usage, configuration or policy; 3 not everything could be judged; 4 nothing was.

Every flag is also a variable (--fail-on is S3GUARD_FAIL_ON) and a key of
s3guard.toml or [tool.s3guard]; a flag beats a variable, a variable the file.
"""


class _Page:
    """How help pages are set: arguments, then the options by heading, then the end as it is written."""

    rich_help_panel: str | None
    epilog: str | None

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own types, which it keeps to itself
        """As typer's.

        NOTE: typer's own switches have no default, and it asks pydantic what None is: 0.3 s, for nothing, before the help of a verb.
        """
        option = super().get_help_option(ctx)  # type: ignore[misc]  # of the class that this one stands before
        option.default = option.default or False
        return option

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own types, which it keeps to itself
        """The arguments and options of a verb, by heading: what they are, not what they are set to."""
        ctx.default_map = None
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Arguments", *PANELS)}
        for param in ctx.command.get_params(ctx):
            if param.param_type_name == "argument":
                sections["Arguments"].append((param.metavar, param.help))
            elif record := param.get_help_record(ctx):
                sections[param.rich_help_panel or OTHER].append((record[0].split(" / ")[0], record[1]))
        for heading, rows in sections.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows, col_max=30)

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - see above
        """The end of the page, its lines as they are."""
        if self.epilog:
            formatter.write_paragraph()
            formatter.write(self.epilog)


class _Verb(_Page, TyperCommand):
    """A verb with its help page."""


class _Verbs(_Page, TyperGroup):
    """All verbs with their help page."""


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code. UsageError, with a way out, where they say nothing that can be done."""
    try:
        code = _command(arguments)(list(arguments), prog_name=NAME, standalone_mode=False)
    except typer.TyperException as error:
        raise UsageError(_told(error)) from error
    except typer.Abort as abort:
        raise KeyboardInterrupt from abort
    except SystemExit as exit_:
        # NOTE: typer ends with 1 where the reader of a help page is gone, and with a code of its own where a shell completes.
        if isinstance(exit_.__context__, BrokenPipeError):
            raise exit_.__context__ from exit_
        return exit_.code if isinstance(exit_.code, int) else ending.CLEAN
    return code or ending.CLEAN


def application(verb: str | None = None) -> typer.Typer:
    """The application, made anew; with all verbs, or with the one that is asked for."""
    found = typer.Typer(
        name=NAME,
        cls=_Verbs,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    modules = catalog(verb=verb)
    groups = {name: catalog(module) for name, module in modules.items() if hasattr(module, "__path__")}

    def root(context: typer.Context, *, version: _Version = False) -> int:
        if version:
            typer.echo(f"{NAME} {__version__}")
            raise typer.Exit(ending.CLEAN)
        if context.invoked_subcommand is None:
            # NOTE: wrong usage and not success: a pipeline whose variable turned out empty must not pass.
            typer.echo(context.get_help(), err=True)
            raise typer.Exit(ending.MISUSED)
        context.obj = Choices(Path.cwd(), os.environ)
        nested = {name: dict.fromkeys(inner, context.obj) for name, inner in groups.items()}
        context.default_map = dict.fromkeys(modules, context.obj) | nested
        return ending.CLEAN

    found.callback(invoke_without_command=True, help="Judge Amazon S3 server access logs against policies.", epilog=_FIRST_STEPS)(root)
    for name, module in modules.items():
        if name in groups:
            found.add_typer(_group(module, groups[name]), name=name)
        else:
            _add(found, name, module)
    return found


def _group(module: ModuleType, inner: Mapping[str, ModuleType]) -> typer.Typer:
    """The verbs of a folder, under the folder's name."""
    found = typer.Typer(cls=_Verbs, rich_markup_mode=None)

    def root(context: typer.Context) -> int:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help(), err=True)
            raise typer.Exit(ending.MISUSED)
        return ending.CLEAN

    found.callback(invoke_without_command=True, help=module.HELP, epilog=_examples(module))(root)
    for name, verb in inner.items():
        _add(found, name, verb)
    return found


def _add(group: typer.Typer, name: str, module: ModuleType) -> None:
    group.command(name, cls=_Verb, epilog=_examples(module))(_ended(getattr(module, name.replace("-", "_"))))


def _command(arguments: Sequence[str] = ()) -> TyperGroup:
    # NOTE: every verb that is made has some thirty flags, and whoever names one needs no other.
    verb = next(iter(arguments), "")
    command = typer.main.get_command(application(verb if verb.replace("-", "_") in _names(verbs) else None))
    assert isinstance(command, TyperGroup)  # noqa: S101 - for the type checker
    for param in command.params:
        param.default = param.default or False  # NOTE: see `get_help_option`
    return command


_Version = Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)]


def catalog(folder: ModuleType = verbs, verb: str | None = None) -> dict[str, ModuleType]:
    """Every verb of a folder by name, in the order of the help page, or the one alone; ``sign_off.py`` is the verb ``sign-off``."""
    names = _names(folder) if verb is None else [verb.replace("-", "_")]
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return {module.__name__.rpartition(".")[2].replace("_", "-"): module for module in sorted(modules, key=lambda module: module.ORDER)}


def _names(folder: ModuleType) -> list[str]:
    """The modules of a folder's verbs; imports none of them."""
    return [module.name for module in pkgutil.iter_modules(folder.__path__)]


def _examples(module: ModuleType) -> str:
    lines = "".join(f"  {line}\n" for line in module.EXAMPLES.strip().split("\n"))
    return f"Examples:\n{lines}"


def _ended(verb: Callable[..., int]) -> Callable[..., int]:
    """The verb with its errors turned into exit codes, before typer sees them: it would make a code 1 of some."""

    @functools.wraps(verb)
    def task(**parameters: Any) -> int:  # noqa: ANN401 - whatever the verb takes
        def hide(text: str) -> str:
            found = choices.of(parameters["context"]).hide
            return text if found is None else found(text)

        redacts = any(name != "none" for name in parameters.get("redact") or ())
        return ending.code_of(functools.partial(verb, **parameters), trace=bool(parameters.get("verbose")), hide=hide if redacts else None)

    return task


def _told(error: typer.TyperException) -> str:
    """What is wrong with the command line, what was probably meant, and where help is."""
    said = error.format_message()
    said = said[:1].lower() + said[1:].rstrip(".")
    context = getattr(error, "ctx", None)
    wanted = getattr(error, "option_name", None)
    if context is None:
        return said
    if wanted and wanted.removeprefix("--") in {flag.name for flag in FLAGS}:
        said = f"{context.info_name} has no {wanted} in this version of s3guard"
    elif wanted and said.startswith("no such option"):
        known = [name for param in context.command.get_params(context) if not param.hidden for name in param.opts]
        said = f"no such option: {wanted}{did_you_mean(wanted, known)}"
    return f"{said.rstrip('?')}{'?' if said.endswith('?') else '.'} Help: {context.command_path} --help"
