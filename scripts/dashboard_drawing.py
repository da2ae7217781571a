"""Panels as one SVG. Used by dashboard-picture.py."""

import math
from html import escape

COLUMN, LINE, GAP, TOP = 56, 30, 6, 64
COLORS = ["#3274d9", "#e0752d", "#2f9e5b", "#c4314b", "#8f5fc9", "#b39300", "#1f9aa8", "#d65fa3", "#7a6a5d", "#5a6b8c"]
NAMED = {"green": "#2f9e5b", "orange": "#e0752d", "red": "#c4314b", "blue": "#3274d9"}


def scaled(value, steps):
    for limit, factor, unit in steps:
        if abs(value) >= limit:
            return f"{value / factor:.3g} {unit}".strip()
    return f"{value:.3g}"


def told(value, unit):
    """A value with its unit."""
    if not math.isfinite(value):
        return "–"
    if value == 0 and unit == "s":
        return "0 s"
    if unit == "s":
        return scaled(value, [(1, 1, "s"), (1e-3, 1e-3, "ms"), (0, 1e-6, "µs")])
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return scaled(value, [(1 << 30, 1 << 30, "GiB"), (1 << 20, 1 << 20, "MiB"), (1 << 10, 1 << 10, "KiB"), (0, 1, "B")])
    suffix = {"reqps": "req/s", "cps": "c/s", "short": "", "none": ""}.get(unit, unit.removeprefix("suffix:").strip())
    return f"{scaled(value, [(1e6, 1e6, 'M'), (1e3, 1e3, 'K'), (0, 1, '')])} {suffix}".strip()


def text(x, y, words, size=11, fill="#444", anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def box(x, y, w, h, fill, stroke="none"):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}" stroke="{stroke}"/>'


def short(words, width, size=11):
    most = max(3, int(width / (size * 0.56)))
    return words if len(words) <= most else words[: most - 1] + "…"


def legends(names, x, y, w):
    """Names of lines, from left to right as far as there is room for two lines of them."""
    out, left, line = [], x, 0
    for nth, name in enumerate(names):
        width = 20 + len(name) * 6
        if left > x and left + width > x + w:
            left, line = x, line + 1
            if line == 2:
                out.append(text(x + w, y + 13, "…", anchor="end"))
                break
        out += [box(left, y + line * 13 - 4, 9, 3, COLORS[nth % len(COLORS)])]
        out += [text(left + 13, y + line * 13, short(name, w - 16, 10), 10)]
        left += width
    return out


def nice(value):
    """A round number that is not smaller, and whose third is one, too."""
    if value <= 0:
        return 3
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1.2, 1.5, 1.8, 2.4, 3, 4.5, 6, 7.5, 9, 12) if step * power >= value * 0.999)


def stacked(series):
    sums, found = {}, []
    for name, pairs in series:
        for when, value in pairs:
            sums[when] = sums.get(when, 0) + (value if math.isfinite(value) else 0)
        found.append((name, [(when, sums[when]) for when, _ in pairs]))
    return found


def lines(panel, series, x, y, w, h, seconds):
    defaults = panel["fieldConfig"]["defaults"]
    is_stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    unit = defaults["unit"]
    curves = stacked(series) if is_stacked else series
    values = [value for _, pairs in curves for _, value in pairs if math.isfinite(value)]
    whole = 1 << 20 if unit == "bytes" else 1
    most = nice(max(values, default=0) / whole) * whole
    left, right, top, bottom = x + 74, x + w - 8, y + 8, y + h - 42
    out = []
    for part in range(4):
        level = bottom - (bottom - top) * part / 3
        out += [box(left, level, right - left, 0.5, "#ddd"), text(left - 5, level + 4, told(most * part / 3, unit), 10, anchor="end")]
    for part in range(4):
        at = left + (right - left) * part / 3
        out.append(text(at, bottom + 13, f"{seconds * part // 3} s", 10, "#888", "middle" if 0 < part < 3 else ("start", "end")[part // 3]))
    for nth, (_, pairs) in reversed(list(enumerate(curves))):
        runs, color = [[]], COLORS[nth % len(COLORS)]
        for when, value in pairs:
            if math.isfinite(value):
                runs[-1].append((left + (right - left) * when / seconds, bottom - (bottom - top) * value / most))
            elif runs[-1]:
                runs.append([])
        for run in filter(None, runs):
            points = " ".join(f"{px:.0f},{py:.1f}" for px, py in run)
            if is_stacked:
                out.append(f'<polygon points="{run[0][0]:.0f},{bottom:.1f} {points} {run[-1][0]:.0f},{bottom:.1f}" fill="{color}" fill-opacity="0.3"/>')
            out.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.4"/>')
    return out + legends([name or panel["title"] for name, _ in series], left, y + h - 14, right - left)


def number(panel, series, x, y, w, h, _):
    defaults = panel["fieldConfig"]["defaults"]
    if panel["options"]["textMode"] == "name":
        words, value = ", ".join(name for name, _ in series), 0
    else:
        value = series[0][1][-1][1] if series else math.nan
        words = told(value, defaults["unit"])
    passed = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
    return [text(x + w / 2, y + h / 2 + 12, words, 30, NAMED[passed[-1]["color"]], "middle", "bold")]


def states(panel, series, x, y, w, h, seconds):
    shown = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    left, right, height = x + 90, x + w - 8, min(34, (h - 30) / max(1, len(series)))
    out = []
    for nth, (name, pairs) in enumerate(series):
        top = y + 8 + nth * height
        out.append(text(left - 6, top + height / 2 + 3, short(name, 80), anchor="end"))
        for (when, value), after in zip(pairs, [when for when, _ in pairs[1:]] + [seconds]):
            at, to = (left + (right - left) * moment / seconds for moment in (when, after))
            out.append(box(at, top, to - at + 0.3, height - 5, NAMED[shown[f"{value:.0f}"]["color"]]))
    for nth, state in enumerate(shown.values()):
        out += [box(left + nth * 60, y + h - 22, 9, 9, NAMED[state["color"]]), text(left + nth * 60 + 13, y + h - 13, state["text"], 10)]
    return out


def bars(panel, series, x, y, w, h, _):
    values = [(name, pairs[-1][1]) for name, pairs in series]
    most, out = max([value for _, value in values], default=1) or 1, []
    for nth, (name, value) in enumerate(values):
        top, room = y + 10 + nth * 30, w - 190
        out += [text(x + 104, top + 14, short(name, 96), anchor="end"), box(x + 110, top, room * value / most, 20, COLORS[0])]
        out.append(text(x + 116 + room * value / most, top + 14, told(value, panel["fieldConfig"]["defaults"]["unit"])))
    return out


KINDS = {"timeseries": lines, "stat": number, "state-timeline": states, "bargauge": bars}


def draw(panels, answers, seconds, caption):
    """The SVG; `answers` holds the series of each panel."""
    width, height = 24 * COLUMN, TOP + LINE * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Helvetica, sans-serif">',
           box(0, 0, width, height, "#f4f5f5"), text(10, 28, "ollama2openai", 20, "#222", weight="bold"), text(10, 50, caption, 11, "#666")]
    for panel, series in zip(panels, answers):
        place = panel["gridPos"]
        x, y = place["x"] * COLUMN + GAP / 2, TOP + place["y"] * LINE + GAP / 2
        w, h = place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
        if panel["type"] == "row":
            out.append(text(x + 6, y + 18, panel["title"], 15, "#222", weight="bold"))
            continue
        out += [f"<g><title>{escape(panel['description'])}</title>", box(x, y, w, h, "#fff", "#ddd")]
        out.append(text(x + 10, y + 18, short(panel["title"], w - 16, 12), 12, "#222", weight="bold"))
        if series:
            out += KINDS[panel["type"]](panel, series, x, y + 24, w, h - 24, seconds)
        else:
            out.append(text(x + w / 2, y + h / 2 + 8, "No data", 12, "#999", "middle"))
        out.append("</g>")
    return "\n".join([*out, "</svg>"]) + "\n"
