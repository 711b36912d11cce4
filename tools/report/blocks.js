/* blocks.js: the blocks of one moment, in rows of addresses.
 * SPDX-License-Identifier: MIT */
"use strict";

const ROW = { height: 9, gap: 2, count: 32 };
const LEAST_PER_ROW = 256;

/* What colours mean: classes of blocks, each with a name. */
const Colours = {
    sizes: [32, 128, 512, 4096, 65536],

    /* Powers of ten of nanoseconds, the last one within the trace's time. */
    ages(trace) {
        const last = 10 ** Math.max(4, Math.floor(Math.log10(Math.max(1, trace.timeAt(trace.events)))));
        return [last / 10000, last / 1000, last / 100, last / 10, last];
    },

    classOf(limits, value) {
        let at = 0;
        while (at < limits.length && value >= limits[at]) at++;
        return at;
    },

    names(limits, text) {
        return [...limits.map((limit) => "< " + text(limit)), "≥ " + text(limits[limits.length - 1])];
    },

    /* The threads of a colour. */
    threads(first, count) {
        const all = [first, first + 8, first + 16].filter((thread) => thread === first || thread < count);
        return all.join(", ") + (first + 24 < count ? " ..." : "");
    },

    /* Returns { names, colours, classOf(life) } for a way to colour. */
    scheme(kind, trace, moment) {
        const sequence = [0, 1, 2, 3, 4, 5].map((i) => styleOf("--s" + i));
        if (kind === "size")
            return { names: Colours.names(Colours.sizes, Text.bytes), colours: sequence,
                classOf: (life) => Colours.classOf(Colours.sizes, trace.sizes[life]) };
        if (kind === "age") {
            const limits = Colours.ages(trace), now = trace.timeAt(moment);
            return { names: Colours.names(limits, Text.time), colours: sequence,
                classOf: (life) => Colours.classOf(limits, now - trace.timeOf(trace.beginning(life))) };
        }
        const count = Math.min(8, Math.max(1, trace.facts.trace.thread_count));
        const names = Array.from({ length: count }, (_, i) => Colours.threads(i, trace.facts.trace.thread_count));
        return { names: names.map((name) => "thread " + name), colours: names.map((_, i) => styleOf("--a" + i)),
            classOf: (life) => trace.threads[life] % 8 };
    },
};

class BlockView {
    constructor(canvas, state) {
        this.canvas = canvas;
        this.state = state;
        this.live = [];
        this.selected = -1; // index in live
    }

    /* ---- What is shown ---- */

    /* The blocks of the moment; the one that was selected stays it while it lives. */
    update() {
        const { trace, place, moment } = this.state;
        const life = this.selected >= 0 ? this.live[this.selected] : -1;
        this.live = trace.liveAt(place, moment);
        this.selected = life >= 0 ? this.live.indexOf(life) : -1;
        this.draw();
    }

    get perRow() {
        return this.state.view.bytes / ROW.count;
    }

    get allPerRow() {
        return Math.max(LEAST_PER_ROW, Math.ceil(this.state.place.bytes / ROW.count / 64) * 64);
    }

    /* Shows so many bytes in a row, around an offset. */
    show(perRow, middle) {
        const { view, place } = this.state;
        const row = Math.min(this.allPerRow, Math.max(LEAST_PER_ROW, Math.round(perRow / 16) * 16));
        view.bytes = row * ROW.count;
        const start = Math.round((middle - view.bytes / 2) / row) * row;
        view.start = Math.max(0, Math.min(start, Math.ceil((place.bytes - view.bytes) / row) * row));
    }

    get middle() {
        const { view, place } = this.state;
        if (this.selected >= 0) return place.offsets[this.live[this.selected]];
        return view.start + view.bytes / 2;
    }

    zoom(factor) {
        this.show(this.perRow * factor, this.middle);
    }

    showAll() {
        this.show(this.allPerRow, 0);
    }

    scroll(rows) {
        const { view } = this.state;
        this.show(this.perRow, view.start + view.bytes / 2 + rows * this.perRow);
    }

    /* ---- Selecting ---- */

    /* The first block that ends behind an offset, as an index in live; live.length: there is none. */
    indexBehind(offset) {
        const { trace, place } = this.state;
        let low = 0, high = this.live.length;
        while (low < high) {
            const middle = (low + high) >> 1, life = this.live[middle];
            if (place.offsets[life] + Math.max(1, trace.sizes[life]) > offset) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /* The index of the block at an offset; -1: there is none. */
    indexAt(offset) {
        const index = this.indexBehind(offset);
        return index < this.live.length && this.state.place.offsets[this.live[index]] <= offset ? index : -1;
    }

    select(index) {
        const { place } = this.state;
        this.selected = this.live.length === 0 ? -1 : Math.max(0, Math.min(index, this.live.length - 1));
        if (this.selected < 0) return;
        const offset = place.offsets[this.live[this.selected]], { view } = this.state;
        if (offset < view.start || offset >= view.start + view.bytes) this.show(this.perRow, offset);
    }

    /* The block at an offset, or the next one behind it. */
    selectAt(offset) {
        this.select(this.indexBehind(offset));
    }

    /* ---- Drawing ---- */

    draw() {
        const height = ROW.count * (ROW.height + ROW.gap) + 4;
        const { context, width, ratio } = prepare(this.canvas, height);
        this.inner = width - MARGIN.left - MARGIN.right;
        this.scheme = Colours.scheme(this.state.colour, this.state.trace, this.state.moment);
        this.drawRows(context, Math.max(1, Math.round(this.inner * ratio)));
        this.drawLabels(context);
        this.drawSpans(context);
        if (this.selected >= 0) this.drawSelected(context);
        this.canvas.dataset.drawn = this.state.moment;
    }

    /* A row is a line of a picture, in which each pixel mixes the colours of its blocks with the ground, by their bytes. */
    drawRows(context, pixels) {
        const { trace, place, view } = this.state, perPixel = this.perRow / pixels, all = pixels * ROW.count;
        const colours = this.scheme.colours.map(channels), ground = channels(styleOf("--panel"));
        const image = new ImageData(pixels, ROW.count), mixed = new Float32Array(4 * all);
        const add = (pixel, part, colour) => {
            for (let k = 0; k < 3; k++) mixed[4 * pixel + k] += part * colour[k];
            mixed[4 * pixel + 3] += part;
        };
        for (let i = this.indexBehind(view.start); i < this.live.length; i++) {
            const life = this.live[i], offset = place.offsets[life];
            if (offset >= view.start + view.bytes) break;
            const begin = (offset - view.start) / perPixel, length = Math.max(1, trace.sizes[life]) / perPixel;
            const from = Math.max(0, begin), to = Math.min(all, begin + length - Math.min(1, length / 4));
            const colour = colours[this.scheme.classOf(life)];
            for (let pixel = Math.floor(from); pixel < to; pixel++)
                add(pixel, Math.min(to, pixel + 1) - Math.max(from, pixel), colour);
        }
        for (let i = 0; i < all; i++) {
            const part = mixed[4 * i + 3], scale = part > 1 ? 1 / part : 1, rest = Math.max(0, 1 - part);
            const isEnd = view.start + i * perPixel >= place.bytes;
            for (let k = 0; k < 3; k++) image.data[4 * i + k] = mixed[4 * i + k] * scale + ground[k] * rest;
            image.data[4 * i + 3] = isEnd ? 0 : 255;
        }
        this.putRows(context, image);
    }

    putRows(context, image) {
        const offscreen = document.createElement("canvas");
        offscreen.width = image.width;
        offscreen.height = image.height;
        offscreen.getContext("2d").putImageData(image, 0, 0);
        context.imageSmoothingEnabled = false;
        for (let row = 0; row < ROW.count; row++)
            context.drawImage(offscreen, 0, row, image.width, 1, MARGIN.left, row * (ROW.height + ROW.gap), this.inner, ROW.height);
    }

    drawLabels(context) {
        const { view, place } = this.state;
        context.fillStyle = styleOf("--faint");
        context.textAlign = "right";
        context.textBaseline = "top";
        context.font = "11px " + styleOf("--mono");
        for (let row = 0; row < ROW.count; row += 4) {
            const offset = view.start + row * this.perRow;
            if (offset >= place.bytes) break;
            const address = place.address(offset);
            context.fillText(address.length > 9 ? "…" + address.slice(-7) : address, MARGIN.left - 8, row * (ROW.height + ROW.gap));
        }
    }

    /* Where addresses were left out. */
    drawSpans(context) {
        const { view, place } = this.state;
        context.fillStyle = styleOf("--text");
        for (const span of place.spans.slice(1)) {
            if (span.offset < view.start || span.offset >= view.start + view.bytes) continue;
            const { x, y } = this.pointOf(span.offset);
            context.fillRect(x - 0.5, y - 1, 1.5, ROW.height + 2);
        }
    }

    drawSelected(context) {
        const { trace, place, view } = this.state, life = this.live[this.selected];
        const begin = Math.max(view.start, place.offsets[life]);
        const end = Math.min(view.start + view.bytes, place.offsets[life] + Math.max(1, trace.sizes[life]));
        context.strokeStyle = styleOf("--accent");
        context.lineWidth = 2;
        for (let offset = begin; offset < end;) {
            const { x, y } = this.pointOf(offset), row = Math.floor((offset - view.start) / this.perRow);
            const stop = Math.min(end, view.start + (row + 1) * this.perRow);
            context.strokeRect(x - 1, y - 1, Math.max(4, (stop - offset) / this.perRow * this.inner) + 1, ROW.height + 2);
            offset = stop;
        }
    }

    pointOf(offset) {
        const along = (offset - this.state.view.start) / this.perRow, row = Math.floor(along);
        return { x: MARGIN.left + (along - row) * this.inner, y: row * (ROW.height + ROW.gap) };
    }

    /* The offset at a point of the canvas; -1: there is none. */
    offsetAt(x, y) {
        const row = Math.floor(y / (ROW.height + ROW.gap)), along = (x - MARGIN.left) / this.inner;
        if (along < 0 || along >= 1 || row < 0 || row >= ROW.count) return -1;
        return this.state.view.start + (row + along) * this.perRow;
    }
}
