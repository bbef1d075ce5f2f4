"""A page of the report, as tests read it."""

from collections import Counter
from html.parser import HTMLParser


class Page(HTMLParser):
    """What stands on a page: tables by their captions, all words, and the tags in use."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, html):
        super().__init__()
        self.tables, self.words, self.tags, self.attributes = {}, [], Counter(), []
        self._open, self._cell, self._rows = [], None, []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th", "caption"):
            self._cell = []

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag == "caption":
            self.tables[" ".join(self._cell)] = self._rows
        elif tag in ("td", "th"):
            self._rows[-1].append(" ".join(self._cell))

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.words.append(data)
        if self._cell is not None:
            self._cell += data.split()

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def rows(self, caption):
        """Give a table's rows as ``{name of the row: {name of the column: cell}}``."""
        (found,) = [rows for name, rows in self.tables.items() if name.startswith(caption)]
        head, *body = found
        return {row[0]: dict(zip(head, row, strict=True)) for row in body}
