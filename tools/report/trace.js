/* trace.js: what the page was made with: facts, columns of numbers, and every block of the trace.
 * SPDX-License-Identifier: MIT */
"use strict";

/* ---- Numbers as people read them ----------------------------------------------------------------------------------------- */

const Text = {
    number: (value) => Math.round(value).toLocaleString("en-US"),

    inUnits(value, step, units) {
        let unit = 0;
        while (value >= step && unit + 1 < units.length) {
            value /= step;
            unit++;
        }
        return (unit === 0 || value >= 99.95 ? Math.round(value) : value.toPrecision(3).replace(/\.?0+$/, "")) + " " + units[unit];
    },
    bytes: (value) => Text.inUnits(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
    time: (nanoseconds) => Text.inUnits(nanoseconds, 1000, ["ns", "µs", "ms", "s"]),
    share: (part, whole) => (whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "–"),
    count: (value, one, many) => Text.number(value) + " " + (value === 1 ? one : many),
};

/* ---- Columns: see tools/heapmm/columns.h --------------------------------------------------------------------------------- */

const Columns = {
    SLICE: 1 << 20, // of base64, a multiple of four

    bytesOf(base64) {
        const binary = atob(base64);
        const bytes = new Uint8Array(binary.length);
        for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
        return bytes;
    },

    async inflate(base64) {
        const stream = new DecompressionStream("deflate-raw");
        const writer = stream.writable.getWriter();
        const inflated = new Response(stream.readable).arrayBuffer();
        for (let at = 0; at < base64.length; at += Columns.SLICE)
            await writer.write(Columns.bytesOf(base64.slice(at, at + Columns.SLICE)));
        await writer.close();
        return new Uint8Array(await inflated);
    },

    /* Decodes the numbers of one column. coding: 0 plain, 1 rising, 2 folded. */
    decode(bytes, at, count, coding) {
        const values = new Float64Array(count);
        let before = 0, most = 0, least = 0;
        for (let i = 0; i < count; i++) {
            let byte = bytes[at++], value = byte & 127;
            for (let scale = 128; byte > 127; scale *= 128) {
                byte = bytes[at++];
                value += (byte & 127) * scale;
            }
            if (coding === 1) value = before + value;
            else if (coding === 2) value = before + (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
            values[i] = before = value;
            if (value > most) most = value;
            if (value < least) least = value;
        }
        return least >= 0 && most < 2 ** 32 ? Uint32Array.from(values) : values;
    },

    /* All of them, by name. Gives the page a chance to react between two. */
    async read(base64, tell) {
        const bytes = await Columns.inflate(base64);
        const view = new DataView(bytes.buffer);
        const columns = {};
        for (let at = 0; at < bytes.length;) {
            const length = bytes[at++];
            const name = String.fromCharCode(...bytes.subarray(at, at + length));
            at += length;
            const coding = bytes[at], count = view.getUint32(at + 1, true), size = view.getUint32(at + 5, true);
            columns[name] = Columns.decode(bytes, at + 9, count, coding);
            at += 9 + size;
            tell(at / bytes.length);
            if (count > 10000) await new Promise((resume) => setTimeout(resume));
        }
        return columns;
    },
};

/* ---- Where blocks are: the recorded addresses, or those of a replay ------------------------------------------------------ */

class Place {
    /* offsets: of each life on the axis; -1 where it has none. */
    constructor(name, label, columns, prefix, offsets) {
        this.name = name;
        this.label = label;
        this.offsets = offsets;
        this.spans = [];
        this.bytes = 0;
        for (let i = 0; i < columns[prefix + ".high"].length; i++) {
            const begin = (BigInt(columns[prefix + ".high"][i]) << 32n) + BigInt(columns[prefix + ".low"][i]);
            this.spans.push({ begin, offset: this.bytes });
            this.bytes += columns[prefix + ".bytes"][i];
        }
    }

    /* The address at an offset, as people write it. */
    address(offset) {
        let at = 0;
        while (at + 1 < this.spans.length && this.spans[at + 1].offset <= offset) at++;
        if (this.spans.length === 0) return "0x0";
        return "0x" + (this.spans[at].begin + BigInt(Math.floor(offset - this.spans[at].offset))).toString(16);
    }

    /* Lives by offset; made when it is first asked for. Sorted by 16 bits at a time. */
    get order() {
        if (this.sorted !== undefined) return this.sorted;
        const count = this.offsets.length;
        let order = Uint32Array.from({ length: count }, (_, i) => i), other = new Uint32Array(count);
        for (let scale = 1; scale <= this.bytes; scale *= 65536) {
            const starts = new Uint32Array(65537);
            const digit = (life) => Math.floor(Math.max(this.offsets[life], 0) / scale) & 65535;
            for (let i = 0; i < count; i++) starts[digit(i) + 1]++;
            for (let i = 0; i < 65536; i++) starts[i + 1] += starts[i];
            for (let i = 0; i < count; i++) other[starts[digit(order[i])]++] = order[i];
            [order, other] = [other, order];
        }
        this.sorted = order;
        return order;
    }
}

/* ---- The trace ----------------------------------------------------------------------------------------------------------- */

/* A life is a block between two events that change it; a moment is the number of events before it. */
class Trace {
    constructor(facts, columns) {
        this.facts = facts;
        this.columns = columns;
        this.events = facts.trace.events;
        this.births = columns["life.birth"];
        this.sizes = columns["life.size"];
        this.threads = columns["life.thread"];
        this.lengths = columns["life.length"];
        this.count = this.births.length;
        this.deaths = this.births.map((birth, i) => (this.lengths[i] === 0 ? this.events : birth + this.lengths[i]));
        this.places = [this.recorded()];
        if (facts.lives.replayed_on !== undefined) this.places.push(this.replayed());
    }

    recorded() {
        const unit = this.facts.lives.recorded_unit;
        const offsets = Float64Array.from(this.columns["life.recorded"], (value) => value * unit);
        return new Place("recorded", "as recorded", this.columns, "recorded", offsets);
    }

    replayed() {
        const unit = this.facts.lives.replayed_unit, name = this.facts.lives.replayed_on;
        const offsets = Float64Array.from(this.columns["life.replayed"], (value) => (value === 0 ? -1 : (value - 1) * unit));
        return new Place("replayed", "replayed on " + name, this.columns, "replayed", offsets);
    }

    isLive(life, moment) {
        return this.births[life] < moment && this.deaths[life] >= moment;
    }

    /* The lives of a moment, by their offsets. */
    liveAt(place, moment) {
        const { births, deaths } = this, { order, offsets } = place;
        const live = [];
        for (let i = 0; i < order.length; i++) {
            const life = order[i];
            if (births[life] < moment && deaths[life] >= moment && offsets[life] >= 0) live.push(life);
        }
        return live;
    }

    /* The event in which the block began, before it was resized. */
    beginning(life) {
        return this.births[life] - this.columns["life.since"][life];
    }

    /* Nanoseconds from the first event to the one before which there were `number`. Between those that are known, it is guessed. */
    timeOf(number) {
        const clock = this.columns.clock, step = this.facts.lives.clock_step, at = Math.floor(number / step);
        if (number < 0 || clock.length === 0) return 0;
        if (at + 1 >= clock.length) return clock[clock.length - 1];
        const next = Math.min((at + 1) * step, this.events - 1), part = (number - at * step) / (next - at * step);
        return Math.round(clock[at] + (clock[at + 1] - clock[at]) * part);
    }

    timeAt(moment) {
        return this.timeOf(moment - 1);
    }

    /* The last moment that is not after that time. */
    momentAt(time) {
        let low = 0, high = this.events;
        while (low < high) {
            const middle = Math.ceil((low + high) / 2);
            if (this.timeAt(middle) <= time) low = middle;
            else high = middle - 1;
        }
        return low;
    }
}
