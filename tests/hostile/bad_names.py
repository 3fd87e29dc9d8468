"""Names and texts that mean something in a language in which they may be printed or written."""

from hypothesis import strategies as st

NAMES = {
    "rich, closing": "faces [/hq]",
    "rich, opening": "a [hq] b",
    "rich, in a name": "t[easy]",
    "rich, a link": "[link=file:///etc/passwd]x[/link]",
    "rich, escaped": "\\[b]",
    "emoji": ":smile:",
    "a table's bar": "x|y",
    "a table's bars": "||",
    "a heading": "# a",
    "an item": "- a",
    "a numbered item": "1. a",
    "a rule": "---",
    "underlined": "===",
    "a quotation": "> a",
    "bold": "**a** _b_ __c__ ~~d~~",
    "code": "`a` ``b",
    "a Markdown link": "[a](http://b) ![c](d) <http://e>",
    "a definition": "[a]: b",
    "spaces": "  a  b  ",
    "mathtext": "$x$",
    "mathtext, broken": "$\\frac{$",
    "HTML": "<b>&amp;</b>",
    "a script": "</text><script>x</script>",
    "CDATA": "]]><!-- ",
    "an entity": "&lt; &#65;",
    "Graphviz": "\\N \\G \\l \\",
    "Graphviz HTML": "<<b>a</b>>",
    "format": "{0} {a.b} {",
    "percent": "%s %(a)s %d %",
    "quotes": "a'b\"c",
    "a shell": "$(ls) `ls` ; ls & ls > a",
    "an option": "--out",
    "a field": "`size`",
    "YAML on": "on",
    "YAML null": "null",
    "YAML number": "1e3",
    "YAML octal": "010",
    "YAML time": "1:30",
    "YAML date": "2001-01-01",
    "YAML pair": "a: b #c",
    "YAML merge": "<<",
    "YAML alias": "*a &b !c",
    "a comment": "#a",
    "a formula": "=1+1",
    "a variable": "$HOME ~ %PATH%",
    "Chinese": "\u5199\u771f\u3000\u5199",
    "an emoji": "\U0001f600",
    "right to left": "\u05e9\u05dc\u05d5\u05dd",
    "an override": "a\u202eb",
    "joiners": "a\u200db\u200c\ufeff",
    "decomposed": "Jose\u0301",
    "a line break": "a\nb",
    "a return": "a\rb",
    "a tab": "a\tb",
    "a next line": "a\x85b\u2028c",
    "an escape": "\x1b[31mred\x1b]0;title\x07",
    "controls": "a\x01\x08\x7f\x9b31m",
    "half a character": "a\udcffb",
    "long": "x" * 3000,
}
"""By what it is about."""

TEXTS = st.sampled_from(list(NAMES.values())) | st.text(
    st.sampled_from("ab1 _*`[]()<>|\\#-+.=~!&;$:'\"{}/%@?,\n\t\x1b") | st.characters(), max_size=20
)
"""Any of them, or another text of such characters."""


def file_names(controls: bool = True) -> list[str]:
    """Those that a file can have.

    Args:
        controls: with those that no text file can hold, too.
    """
    names = [name for name in NAMES.values() if "/" not in name and len(name.encode("utf-8", "surrogatepass")) < 200]
    return [name for name in names if controls or not any(c in name for c in "\n\r\t\x85\u2028\x1b\x01\udcff")]
