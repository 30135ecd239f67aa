"""Completion in bash: what is being typed, and what may be inserted there without any of it being run.

Zsh (``compadd`` without ``-Q``) and fish quote what they insert. Bash inserts what it is given.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

_SCRIPT = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case "${line%%%%,*}" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${line#*,}") ;;
        esac
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_LINE, _BREAKS = "COMP_LINE", "COMP_WORDBREAKS"
"""Of bash, and given by the script; no settings."""
_TOKEN = re.compile(
    r"(?P<blank>[ \t\n]+)"
    r"|'(?P<single>[^']*)(?P<single_end>'?)"
    r'|"(?P<double>(?:\\.|[^"\\])*)(?:(?P<double_end>")|\\?$)'
    r"|\\(?P<escaped>.?)"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_IN_DOUBLE_QUOTES = re.compile(r'\\([$`"\\])')
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r'([$`"\\])')
_SPECIAL = re.compile(r"([^\w@%+,./-])")


@dataclass(frozen=True)
class Typed:
    """A command line up to the cursor, as bash sees it.

    Attributes:
        words: The words before the last, without their quotes.
        begun: The last one, without its quotes.
        kept: How many characters of that stay: bash replaces only what stands behind a quote that is open or, without
            one, behind the last character that ends a word for it.
        quote: The quote that is open, or an empty text.
    """

    words: tuple[str, ...]
    begun: str
    kept: int
    quote: str

    @classmethod
    def of(cls, line: str, breaks: str) -> Typed:
        """Return what is typed.

        Args:
            line: The line up to the cursor.
            breaks: The characters that end a word for bash, from ``COMP_WORDBREAKS``.
        """
        words, begun, kept, quote = [""], False, 0, ""
        for token in _TOKEN.finditer(line):
            if token["blank"]:
                words += [""] if begun else []
                begun, kept = False, 0
                continue
            begun = True
            if token["plain"]:
                words[-1] += token["plain"]
                kept = len(words[-1]) if token["plain"] in breaks else kept
            elif token["escaped"] is not None:
                words[-1] += token["escaped"]
            else:
                is_open = not (token["single_end"] or token["double_end"])
                kept, quote = (len(words[-1]), token[0][0]) if is_open else (kept, "")
                words[-1] += token["single"] or _IN_DOUBLE_QUOTES.sub(r"\1", token["double"] or "")
        return cls(tuple(words[:-1]), words[-1], kept, quote)

    def insertion(self, value: str) -> str:
        """Return what bash is to insert, so that the word is this value.

        Args:
            value: A whole word; or, behind ``--option=``, only what follows.
        """
        option = re.match("-[^=]*=", self.begun)
        rest = ((option[0] if option else "") + value)[self.kept :]
        # Readline closes the quote, unless what it has inserted ends in one.
        if self.quote == "'":
            quoted = rest.replace("'", "'\\''")
            return quoted[:-1] if quoted.endswith("'") else quoted
        if self.quote:
            # A backslash does not keep an exclamation mark from asking the history, and would stay itself.
            quoted = _SPECIAL_IN_DOUBLE_QUOTES.sub(r"\\\1", rest).replace("!", "\"'!'\"")
            return f'{quoted}"' if quoted.endswith('"') else quoted
        return _SPECIAL.sub(r"\\\1", rest)


class QuotingBashComplete(BashComplete):
    """Completion in bash that inserts every value as one word."""

    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that one."""
        self._typed = Typed.of(os.environ[_LINE], os.environ[_BREAKS])
        return list(self._typed.words[1:]), self._typed.begun

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return a line for the script."""
        return f"{item.type},{self._typed.insertion(str(item.value))}"


add_completion_class(QuotingBashComplete)
