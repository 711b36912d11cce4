/* plots.js: the curves over time, drawn by uPlot.
 * SPDX-License-Identifier: MIT */
"use strict";

/* globals uPlot */

class Plot {
    /* series: { name, colour (of the style sheet), width, fill, dash, values }. format: of values. */
    constructor(element, legend, state, options) {
        this.element = element;
        this.legend = legend;
        this.state = state;
        this.options = options;
        this.hidden = new Set();
    }

    /* Makes it anew: for another axis, other values or other colours. */
    make(series) {
        this.series = series;
        if (this.plot !== undefined) this.plot.destroy();
        this.plot = new uPlot(this.uplotOptions(), [this.state.xs, ...series.map((s) => s.values)], this.element);
        this.makeLegend();
    }

    uplotOptions() {
        const axis = { stroke: styleOf("--faint"), font: "12px " + styleOf("--sans"), grid: { stroke: styleOf("--line"), width: 1 },
            ticks: { stroke: styleOf("--line"), width: 1 } };
        return {
            width: this.element.clientWidth,
            height: this.options.height,
            padding: [10, MARGIN.right, 0, 0],
            legend: { show: false },
            scales: { x: { time: false, range: (u, min, max) => [min, max] }, y: { range: (u, min, max) => this.options.range(max) } },
            axes: [
                { ...axis, size: MARGIN.bottom + 8, space: 90, incrs: roundSteps(),
                    values: (u, splits) => splits.map((value) => this.state.label(value)) },
                { ...axis, size: MARGIN.left, incrs: this.options.steps, values: (u, splits) => splits.map(this.options.format) },
            ],
            series: [{}, ...this.series.map((s) => ({ label: s.name, stroke: styleOf(s.colour), width: s.width ?? 1.5, dash: s.dash,
                fill: s.fill ? styleOf(s.fill) : undefined, show: !this.hidden.has(s.name), points: { show: false } }))],
            cursor: { drag: { x: true, y: false, dist: 6 }, points: { size: 7 } },
            hooks: {
                ready: [(u) => this.listen(u)],
                draw: [(u) => this.drawMoment(u)],
                setCursor: [(u) => this.tell(u.cursor.idx)],
                setScale: [(u, key) => key === "x" && this.state.zoomed(u.scales.x.min, u.scales.x.max)],
            },
        };
    }

    /* A click that is no drag picks the moment. */
    listen(u) {
        let down = 0;
        u.over.addEventListener("mousedown", (event) => { down = event.clientX; });
        u.over.addEventListener("click", (event) => {
            if (Math.abs(event.clientX - down) < 5) this.state.pick(this.state.momentOf(u.posToVal(event.offsetX, "x")));
        });
    }

    drawMoment(u) {
        const x = u.valToPos(this.state.x, "x", true), { ctx } = u;
        if (x < u.bbox.left - 1 || x > u.bbox.left + u.bbox.width + 1) return;
        ctx.save();
        ctx.fillStyle = styleOf("--accent");
        ctx.fillRect(x - 0.75 * devicePixelRatio, u.bbox.top, 1.5 * devicePixelRatio, u.bbox.height);
        ctx.restore();
    }

    makeLegend() {
        this.legend.replaceChildren(...this.series.map((s, i) => {
            const button = element("button", { type: "button", "aria-pressed": String(!this.hidden.has(s.name)) },
                swatch(s.colour, s.dash !== undefined), s.name + " ", element("output", {}));
            button.addEventListener("click", () => this.toggle(i, button));
            return button;
        }));
        this.tell(null);
    }

    toggle(index, button) {
        const { name } = this.series[index], shows = this.hidden.has(name);
        if (shows) this.hidden.delete(name);
        else this.hidden.add(name);
        button.setAttribute("aria-pressed", String(shows));
        this.plot.setSeries(index + 1, { show: shows });
    }

    /* The values at the cursor, or at the moment that is picked. */
    tell(index) {
        const at = index ?? this.state.nearest();
        const outputs = this.legend.querySelectorAll("output");
        this.series.forEach((s, i) => {
            if (outputs[i] !== undefined) outputs[i].textContent = s.values[at] == null ? "–" : this.options.format(s.values[at]);
        });
    }

    resize() {
        this.plot.setSize({ width: this.element.clientWidth, height: this.options.height });
    }

    /* The moment has changed. */
    refresh() {
        this.plot.redraw(false, false);
        this.tell(null);
    }
}

/* Steps of an axis: 1, 2, 5, 10 ..., and of bytes 1, 2, 4, 8 ... */
function roundSteps() {
    return Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((factor) => factor * 10 ** i)).flat();
}

function binarySteps() {
    return Array.from({ length: 52 }, (_, i) => 2 ** i);
}
