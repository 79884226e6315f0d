"""What CI systems take for a command in a line of output: their parsers, retold, as the judges of our outputs.

GitHub: actions/runner, src/Runner.Common/ActionCommand.cs (TryParseV2, then TryParse). Azure Pipelines: microsoft/azure-pipelines-agent,
src/Microsoft.VisualStudio.Services.Agent/Command.cs.
"""

from __future__ import annotations

from dataclasses import dataclass

REGISTERED = frozenset(
    {"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "internal-set-repo-path"}
    | {"notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"}
)


@dataclass(frozen=True)
class Command:
    """A command that a runner would carry out."""

    name: str
    properties: dict[str, str]
    data: str


def github(line: str) -> Command | None:
    """The command in a line that GitHub's runner would obey."""
    trimmed = line.lstrip()
    if trimmed.startswith("::") and (end := trimmed.find("::", 2)) >= 0:
        name, _, written = trimmed[2:end].partition(" ")
        if name in REGISTERED:
            pairs = [pair.split("=", 1) for pair in written.strip().split(",") if pair]
            properties = {pair[0]: _unescape(pair[1], "\r\n:,%") for pair in pairs if len(pair) == 2}
            return Command(name, properties, _unescape(trimmed[end + 2 :], "\r\n%"))
    if (start := line.find("##[")) >= 0 and (end := line.find("]", start)) >= 0:
        return Command(line[start + 3 : end], {}, line[end + 1 :])
    return None


def azure(line: str) -> bool:
    """Whether Azure's agent would obey something in the line; TeamCity's messages begin alike."""
    return "##vso[" in line or "##teamcity[" in line


def obeyed(text: str) -> list[str]:
    """The lines of a text that some runner would obey, however a line ends."""
    return [line for line in text.splitlines() if github(line) is not None or azure(line)]


def _unescape(text: str, tokens: str) -> str:
    """In the order of the runner's table: the percent sign last."""
    for token in tokens:
        text = text.replace(f"%{ord(token):02X}", token)
    return text
