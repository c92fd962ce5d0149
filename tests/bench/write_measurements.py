#!/usr/bin/env python3
"""Puts the figures of build/bench/results.tsv into docs/measurements.md, and the curves beside it.

Between a mark `<!-- figures: PREFIX... -->` and `<!-- end of figures -->` stands a table made here, with
the rows whose names begin so; all else in the file is prose and stays. A mark for which there are no
figures keeps its table, and is told. `<!-- figures: cost | fork; COW -->` takes only rows that
begin with one of these words behind the prefix.
"""
import re
import shutil
import sys

import results

BOOK = results.ROOT / "docs" / "measurements.md"
CURVES = sorted((results.ROOT / "build" / "bench").glob("growth-*.svg"))
BLOCK = re.compile(r"(<!-- figures: ([\w ]+?)(?: \| ([^>]*?))? -->\n).*?(<!-- end of figures -->)", re.DOTALL)
HEADS = {"unit": "", "goal": "goal", "floor": "floor", "peer value": "peer", "ratio": "ratio"}


def cell(row, column):
    text = row.get(column, "")
    if column == "goal" and text:
        text = f"{text[:2]} {results.number(text[3:])}{'' if results.reached(row['value'], text) == 'yes' else ' **no**'}"
    elif column in ("value", "floor", "peer value") and re.fullmatch(r"-?[\d.]+", text):
        text = results.number(text)
    return text.replace("|", "\\|")


def table(rows):
    """Markdown; columns in which nothing stands are left out, and a peer of all rows is in the head."""
    peers = {row["peer"] for row in rows if row.get("peer")}
    columns = [column for column in ("goal", "floor", "peer value", "ratio")
               if any(row.get(column) for row in rows)]
    heads = dict(HEADS)
    if len(peers) == 1:
        heads["peer value"] = peers.pop()
    lines = ["| | value | |" + "".join(f" {heads[column]} |" for column in columns),
             "|---|--:|---|" + "--:|" * len(columns)]
    for row in rows:
        cells = [row["title"], cell(row, "value"), row["unit"], *(cell(row, column) for column in columns)]
        if len(peers) > 1 and row.get("peer"):
            cells[-2 if "ratio" in columns else -1] += f" ({row['peer']})"
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def chosen(rows, prefix, words):
    """The rows of a mark, their names without the prefix as `title`."""
    found = []
    for row in rows:
        kind, _, title = row["name"].partition(": ")
        if kind == prefix and (not words or title.startswith(words)):
            found.append({**row, "title": title})
    return found


def itemised(entries):
    lines = ["| row | instructions | where they go |", "|---|--:|---|"]
    return "\n".join(lines + [f"| {title} | {results.number(value)} | {functions} |"
                              for title, value, functions in entries]) + "\n"


def filled(text, rows, entries=()):
    """The book with its tables made anew, and the marks for which there are no figures."""
    without = []

    def block(match):
        words = tuple(word.strip() for word in (match[3] or "").split(";") if word.strip())
        found = chosen(rows, match[2].strip(), words)
        if match[2].strip() == "itemised" and entries:
            return match[1] + itemised(entries) + match[4]
        if not found:
            without.append(match[2].strip())
            return match[0]
        return match[1] + table(found) + match[4]

    return BLOCK.sub(block, text), without


def main():
    rows = results.read()
    if not rows:
        sys.exit("write_measurements: there are no figures; `make bench` makes them")
    text, without = filled(BOOK.read_text(), rows, results.Itemised.read())
    BOOK.write_text(text)
    for path in CURVES:
        shutil.copy(path, BOOK.parent / path.name)
    for prefix in without:
        print(f"write_measurements: no figures for '{prefix}': its table stays as it was")
    print(f"written: {BOOK.relative_to(results.ROOT)}")


if __name__ == "__main__":
    main()
