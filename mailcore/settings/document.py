"""The catalogue as a page of documentation: `docs/settings.md` is this text, and a test holds it to that."""

from mailcore.settings.catalogue import CATALOGUE, GROUPS, Setting
from mailcore.settings.values import show


def markdown() -> str:
    """Every setting by group: name, default, where it may be set, meaning."""
    lines = [
        "# Every setting",
        "",
        "Made from the catalogue (`python -m mailcore.settings.document > docs/settings.md`). Change one in the panel or with `./roost settings set NAME VALUE`.",
    ]
    for group, heading in GROUPS.items():
        lines += ["", f"## {heading}", "", "| setting | default | where | meaning |", "|---|---|---|---|"]
        lines += [row(setting) for setting in CATALOGUE if setting.group == group]
    return "\n".join(lines) + "\n"


def row(setting: Setting) -> str:
    """One line of the table."""
    choices = f" One of: {', '.join(setting.choices)}." if setting.choices else ""
    source = f" (RFC {setting.rfc})" if setting.rfc else ""
    default = show(setting, setting.default) or "empty"
    return f"| `{setting.name}` | {default} | {setting.scope} | **{setting.label}.** {setting.help}{choices}{source} |"


if __name__ == "__main__":
    print(markdown(), end="")
