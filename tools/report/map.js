/* map.js: the picture of addresses over time: how full which addresses were when.
 * SPDX-License-Identifier: MIT */
"use strict";

/* The margins are those of the curves, so that moments stand below each other. */
const MARGIN = { left: 68, right: 26, bottom: 26, top: 6 };

/* Colours and sizes of the page, as its style sheet has them. */
function styleOf(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* "#0b5a86" => [11, 90, 134] */
function channels(colour) {
    return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/* Makes a canvas as fine as the screen. Returns what to draw with, in units of the page. */
function prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1, width = canvas.parentElement.clientWidth;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "12px " + styleOf("--sans");
    return { context, width, height, ratio };
}

const HeapMap = {
    /* Bytes in blocks of each cell. edges: the moment at the right of each column. A life is entered where it begins and taken away where it
     * has ended; then columns are summed. */
    cells(trace, place, edges, rows) {
        const columns = edges.length, rowBytes = Math.max(1, place.bytes / rows);
        const cells = new Float64Array(columns * rows);
        const columnAfter = (number) => {
            let low = 0, high = columns;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (edges[middle] > number) high = middle;
                else low = middle + 1;
            }
            return low;
        };
        for (let life = 0; life < trace.count; life++) {
            const begin = place.offsets[life], born = columnAfter(trace.births[life]);
            if (begin < 0 || born === columns || edges[born] > trace.deaths[life]) continue;
            const dead = trace.deaths[life] >= edges[columns - 1] ? columns : columnAfter(trace.deaths[life]);
            const end = Math.min(begin + Math.max(1, trace.sizes[life]), place.bytes);
            for (let row = Math.floor(begin / rowBytes); row < rows && row * rowBytes < end; row++) {
                const bytes = Math.min(end, (row + 1) * rowBytes) - Math.max(begin, row * rowBytes);
                cells[row * columns + born] += bytes;
                if (dead < columns) cells[row * columns + dead] -= bytes;
            }
        }
        for (let row = 0; row < rows; row++)
            for (let i = row * columns + 1; i < (row + 1) * columns; i++) cells[i] += cells[i - 1];
        return { cells, rowBytes };
    },

    /* Paints cells: from the ground, which is no block at all, to the mark, which is nothing but blocks. */
    paint({ cells, rowBytes }, columns, rows) {
        const ground = channels(styleOf("--panel")), mark = channels(styleOf("--mark"));
        const image = new ImageData(columns, rows);
        for (let i = 0; i < cells.length; i++) {
            const part = Math.min(1, Math.max(0, cells[i] / rowBytes));
            const weight = part < 1e-9 ? 0 : 0.12 + 0.88 * part ** 0.7;
            for (let k = 0; k < 3; k++) image.data[4 * i + k] = ground[k] + (mark[k] - ground[k]) * weight;
            image.data[4 * i + 3] = 255;
        }
        return image;
    },

    /* The picture for a range of the horizontal axis. momentOf: which moment is at a value of it. */
    render(trace, place, range, momentOf, width, height) {
        const columns = Math.max(1, Math.round(width)), rows = Math.max(1, Math.round(height / 2));
        const edges = new Float64Array(columns);
        for (let i = 0; i < columns; i++) edges[i] = momentOf(range.min + (range.max - range.min) * (i + 1) / columns);
        const offscreen = document.createElement("canvas");
        offscreen.width = columns;
        offscreen.height = rows;
        offscreen.getContext("2d").putImageData(HeapMap.paint(HeapMap.cells(trace, place, edges, rows), columns, rows), 0, 0);
        return offscreen;
    },
};

/* The canvas with the map, the moment and the addresses that the blocks below show. */
class MapView {
    constructor(canvas, state) {
        this.canvas = canvas;
        this.state = state;
        this.height = 300;
    }

    /* Makes the picture anew; draw shows it. */
    update() {
        const { trace, place, range } = this.state;
        const width = this.canvas.parentElement.clientWidth - MARGIN.left - MARGIN.right;
        this.picture = HeapMap.render(trace, place, range, (x) => this.state.momentOf(x), width,
            this.height - MARGIN.top - MARGIN.bottom);
        this.draw();
    }

    draw() {
        const { context, width, height } = prepare(this.canvas, this.height);
        this.inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
        context.imageSmoothingEnabled = false;
        context.drawImage(this.picture, MARGIN.left, MARGIN.top, this.inner.width, this.inner.height);
        this.drawScales(context);
        this.drawView(context);
        this.drawMoment(context);
    }

    drawScales(context) {
        const { place, range } = this.state;
        context.fillStyle = styleOf("--faint");
        context.strokeStyle = styleOf("--line");
        context.textBaseline = "middle";
        context.textAlign = "right";
        const step = 2 ** Math.ceil(Math.log2(Math.max(1, place.bytes) / 6));
        for (let offset = 0; offset < place.bytes; offset += step) {
            const y = this.yOf(offset);
            context.fillText(Text.bytes(offset), MARGIN.left - 8, Math.max(y, MARGIN.top + 6));
            context.fillRect(MARGIN.left - 4, y - 0.5, 4, 1);
        }
        for (const span of place.spans.slice(1)) {
            context.beginPath();
            context.setLineDash([4, 3]);
            context.moveTo(MARGIN.left, this.yOf(span.offset));
            context.lineTo(MARGIN.left + this.inner.width, this.yOf(span.offset));
            context.stroke();
        }
        context.setLineDash([]);
        context.textBaseline = "top";
        const ticks = Math.max(2, Math.floor(this.inner.width / 110));
        for (const value of roundValues(range.min, range.max, ticks)) {
            const x = this.xOf(value), half = context.measureText(this.state.label(value)).width / 2;
            context.textAlign = x + half > MARGIN.left + this.inner.width + MARGIN.right ? "right" : "center";
            context.fillText(this.state.label(value), context.textAlign === "right" ? MARGIN.left + this.inner.width + MARGIN.right : x,
                MARGIN.top + this.inner.height + 8);
            context.fillRect(x - 0.5, MARGIN.top + this.inner.height, 1, 4);
        }
    }

    /* The addresses of the block view, as a bar at the moment. */
    drawView(context) {
        const { view } = this.state;
        if (view.start === 0 && view.bytes >= this.state.place.bytes) return;
        const top = this.yOf(view.start), bottom = this.yOf(Math.min(this.state.place.bytes, view.start + view.bytes));
        context.fillStyle = styleOf("--accent");
        const x = Math.min(Math.max(this.xOf(this.state.x), MARGIN.left), MARGIN.left + this.inner.width);
        context.fillRect(x - 3, top, 6, Math.max(3, bottom - top));
    }

    drawMoment(context) {
        const x = this.xOf(this.state.x);
        if (x < MARGIN.left - 1 || x > MARGIN.left + this.inner.width + 1) return;
        context.fillStyle = styleOf("--accent");
        context.fillRect(x - 0.75, MARGIN.top, 1.5, this.inner.height);
    }

    xOf(value) {
        const { range } = this.state;
        return MARGIN.left + this.inner.width * (value - range.min) / Math.max(1e-9, range.max - range.min);
    }

    yOf(offset) {
        return MARGIN.top + this.inner.height * offset / Math.max(1, this.state.place.bytes);
    }

    /* What is at a point of the canvas. */
    at(x, y) {
        const { range, place } = this.state;
        const across = Math.min(1, Math.max(0, (x - MARGIN.left) / this.inner.width));
        const down = Math.min(1, Math.max(0, (y - MARGIN.top) / this.inner.height));
        return { moment: this.state.momentOf(range.min + across * (range.max - range.min)), offset: down * place.bytes };
    }
}

/* Round numbers from min to max, at most so many. */
function roundValues(min, max, most) {
    const values = [];
    if (!(max > min)) return [min];
    const power = 10 ** Math.floor(Math.log10((max - min) / most));
    const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * power * most >= max - min) * power);
    for (let value = Math.ceil(min / step) * step; value <= max; value += step) values.push(value);
    return values;
}
