# SPDX-License-Identifier: Apache-2.0
"""A look at rows: as HTML in notebooks, as a table of text elsewhere. The first rows only, each value cut."""

import html

MOST_ROWS = 20
MOST_TEXT = 80


def _cut(text):
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _look(rows):
    """Columns, the first rows, and what is to be said of those that are not shown."""
    fields = rows.schema.fields
    if not rows._again:
        return fields, [], "rows of a stream that can be read once are not shown"
    cells = rows._preview(MOST_ROWS + 1)
    return fields, cells[:MOST_ROWS], f"the first {MOST_ROWS} rows" if len(cells) > MOST_ROWS else ""


def as_html(rows, title=None):
    if rows.rows_changed is not None:
        return f"<p>{html.escape(repr(rows)[1:-1])}</p>"
    fields, cells, note = _look(rows)
    head = "".join(f"<th>{html.escape(name)}<br><small>{html.escape(kind)}</small></th>" for name, kind, _ in fields)
    body = "".join(
        "<tr>" + "".join("<td><i>null</i></td>" if cell is None else f"<td>{html.escape(_cut(cell))}</td>" for cell in row) + "</tr>"
        for row in cells
    )
    caption = f"<caption>{html.escape(title)}</caption>" if title else ""
    below = f"<p>{note}</p>" if note else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def as_text(rows):
    fields, cells, note = _look(rows)
    lines = [[name for name, _, _ in fields], [kind for _, kind, _ in fields]]
    lines += [["NULL" if cell is None else _cut(cell).replace("\n", " ") for cell in row] for row in cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(fields))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    text.insert(2, "  ".join("-" * width for width in widths))
    return "\n".join(text + [f"({note})"] * bool(note))
