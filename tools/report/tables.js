/* tables.js: what the page says in words and tables.
 * SPDX-License-Identifier: MIT */
"use strict";

/* Makes an element. Texts are never read as HTML. */
function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
}

function swatch(colour, isDashed) {
    const made = element("span", { class: isDashed ? "swatch dashed" : "swatch", "aria-hidden": "true" });
    made.style.setProperty("--colour", `var(${colour})`);
    return made;
}

/* A cell with a bar: `part` of the widest. */
function bar(part, colour) {
    const inner = element("span", { class: "bar", "aria-hidden": "true" });
    inner.style.setProperty("--part", String(Math.max(0, Math.min(1, part || 0))));
    if (colour) inner.style.setProperty("--colour", `var(${colour})`);
    return inner;
}

/* Fills a table. titles: of columns; the first column names the row. rows: lists of texts or elements. */
function fillTable(id, caption, titles, rows) {
    const cell = (content, i) => (i === 0 ? element("th", { scope: "row" }, content) : element("td", {}, content));
    document.getElementById(id).replaceChildren(
        element("caption", {}, caption),
        element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))));
}

/* The percentage of memory in which nothing is. */
function unused(live, memory) {
    return memory > live ? 100 * (memory - live) / memory : 0;
}

function baseName(path) {
    return path.slice(path.lastIndexOf("/") + 1);
}

const Tables = {
    /* ---- The head of the page ---- */

    head(facts) {
        const { about, trace, replays } = facts;
        document.title = "heapmm: " + (about.name.length > 100 ? about.name.slice(0, 100) + "…" : about.name);
        document.getElementById("name").textContent = about.name;
        document.getElementById("summary").textContent = Tables.summary(trace, replays);
        const tiles = [["Events", Text.number(trace.events), "in " + Text.time(trace.nanoseconds)],
            ["Peak", Text.bytes(trace.peak.bytes), Text.count(trace.peak.blocks, "block", "blocks")],
            ["Allocated in all", Text.bytes(trace.allocated.bytes), Text.count(trace.allocated.blocks, "block", "blocks")],
            ["Never freed", Text.bytes(trace.end.bytes), Text.count(trace.end.blocks, "block", "blocks")],
            ["Threads", Text.number(trace.thread_count), Text.number(trace.foreign_frees) + " freed by another"]];
        document.getElementById("tiles").replaceChildren(...tiles.map(([title, value, more]) =>
            element("div", {}, element("dt", {}, title), element("dd", {}, value, element("small", {}, more)))));
        Tables.warnings(facts);
    },

    summary(trace, replays) {
        const sound = replays.filter((r) => r.state === "finished" && r.failures === 0);
        const best = sound.reduce((a, b) => (a === null || b.memory < a.memory ? b : a), null);
        if (trace.events === 0) return "There are no events in this trace.";
        const first = `At most ${Text.bytes(trace.peak.bytes)} in ${Text.count(trace.peak.blocks, "block", "blocks")} at once, `
            + `${Text.time(trace.peak.nanoseconds)} after the first of ${Text.count(trace.events, "event", "events")}.`;
        if (best === null || trace.peak.bytes === 0) return first;
        const others = sound.length > 1 ? `Of ${sound.length} allocators, ${baseName(best.name)} needs least` : `${baseName(best.name)} needs`;
        return `${first} ${others}: ${Text.bytes(best.memory)}, ${(best.memory / trace.peak.bytes).toFixed(2)} times that.`;
    },

    warnings(facts) {
        const { missing, lives, replays } = facts, texts = [];
        if (missing.events > 0) texts.push(`${Text.count(missing.events, "event is", "events are")} missing in the trace.`);
        if (missing.damaged > 0) texts.push(`The trace is damaged at ${Text.count(missing.damaged, "place", "places")}.`);
        if (missing.end !== undefined) texts.push(`The trace is not whole. At offset ${Text.number(missing.offset)}: ${missing.end}.`);
        if (lives.left_out > 0) texts.push(Tables.leftOut(lives));
        for (const replay of replays)
            if (replay.state !== "finished") texts.push(`${replay.name}: ${replay.fault}`);
            else if (replay.failures > 0) texts.push(`${replay.name} had too little memory ${Text.count(replay.failures, "time", "times")}.`);
        texts.forEach(Tables.warn);
    },

    warn(text) {
        const list = document.getElementById("warnings");
        list.append(element("li", {}, text));
        list.hidden = false;
    },

    leftOut({ left_out, shortest, smallest }) {
        const which = [shortest > 1 && `those that were freed or resized within ${Text.number(shortest)} events`,
            smallest > 0 && `those smaller than ${Text.bytes(smallest)}`].filter(Boolean).join(", and ");
        return `So that the page stays small, the map and the blocks leave out ${Text.count(left_out, "block", "blocks")}: ${which}. `
            + "The curves and tables have them.";
    },

    /* ---- Tables ---- */

    sizes({ sizes }) {
        const most = Math.max(...sizes.map((row) => row.blocks));
        const range = (from) => (from < 2 ? Text.bytes(from) : `${Text.bytes(from)} – ${Text.bytes(2 * from)}`);
        fillTable("size-table", "Sizes", ["Bytes", "Blocks", "", "At the peak of the class", "Never freed"], sizes.map((row) =>
            [range(row.from), Text.number(row.blocks), bar(row.blocks / most), Text.bytes(row.peak_bytes), Text.number(row.end_blocks)]));
    },

    lifetimes({ lifetimes, end }) {
        const rows = [...lifetimes.map((row) => [row.lifetime.replace("us", "µs"), row.blocks, row.bytes]),
            ["not freed", end.blocks, end.bytes]].filter((row) => row[1] > 0);
        const most = Math.max(...rows.map((row) => row[1]));
        fillTable("lifetime-table", "Lifetimes", ["Lived", "Blocks", "", "Bytes"], rows.map(([name, blocks, bytes]) =>
            [name, Text.number(blocks), bar(blocks / most), Text.bytes(bytes)]));
    },

    allocators({ trace, replays }) {
        const sorted = replays.map((replay, i) => ({ ...replay, colour: "--a" + i % 8 })).sort((a, b) =>
            (b.state === "finished") - (a.state === "finished") || a.failures - b.failures || a.memory - b.memory);
        const most = Math.max(...sorted.map((r) => r.memory)), longest = Math.max(...sorted.map((r) => r.nanoseconds));
        document.getElementById("allocators-note").textContent = replays.length === 0
            ? "The trace was replayed on none."
            : "The trace, replayed on each in a process of its own; least memory first. Of heaps and pools the arena that they came to need, "
            + "of a malloc by how much its process grew. Time is that of the processor.";
        fillTable("allocator-table", "Allocators", ["Allocator", "Memory", "", "Of the peak", "Time", "", "An event", "Failed"],
            sorted.map((r) => [element("span", {}, swatch(r.colour), baseName(r.name), element("small", {}, " " + r.about)),
                Text.bytes(r.memory), bar(r.memory / most, r.colour),
                trace.peak.bytes > 0 ? (r.memory / trace.peak.bytes).toFixed(3) : "–", Text.time(r.nanoseconds),
                bar(r.nanoseconds / longest, r.colour), r.events > 0 ? Math.round(r.nanoseconds / r.events) + " ns" : "–",
                r.state === "finished" ? Text.number(r.failures) : r.state]));
    },

    threads({ threads, thread_count, calls }) {
        fillTable("thread-table", "Threads", ["Thread", "Allocations", "Bytes", "Frees", "Of other threads' blocks"], threads.map((row) =>
            [String(row.thread), Text.number(row.allocations), Text.bytes(row.bytes), Text.number(row.frees), Text.number(row.foreign_frees)]));
        document.getElementById("thread-note").textContent = thread_count > threads.length
            ? `The first ${threads.length} of ${Text.number(thread_count)} threads.` : "";
        fillTable("call-table", "Calls", ["Call", "Times", "Failed"], Object.entries(calls).map(([name, call]) =>
            [name, Text.number(call.times), Text.number(call.failed)]));
    },

    /* About twenty moments, evenly over the trace. */
    moments(trace, replays) {
        const { columns } = trace, count = columns["moment.events"].length, rows = [];
        const step = Math.max(1, Math.floor((count - 1) / 20));
        const memory = (live, bytes) => `${Text.bytes(bytes)}, ${Math.round(unused(live, bytes))} %`;
        const replayed = (k, i) => (i < 0 || i >= columns[`replay.${k}.memory`].length ? "–"
            : memory(columns[`replay.${k}.live`][i], columns[`replay.${k}.memory`][i]));
        for (let i = 0; i < count; i += step)
            rows.push([Text.time(columns["moment.time"][i]), Text.number(columns["moment.events"][i]), Text.bytes(columns["moment.live"][i]),
                Text.number(columns["moment.blocks"][i]), memory(columns["moment.live"][i], columns["moment.pages"][i]),
                ...replays.map((_, k) => replayed(k, i - 1))]);
        fillTable("moment-table", "Moments", ["Time", "Event", "Live bytes", "Blocks", "Pages in use", ...replays.map((r) => baseName(r.name))],
            rows);
    },

    /* ---- Of the moment ---- */

    largest(trace, place, live) {
        const some = [...live].sort((a, b) => trace.sizes[b] - trace.sizes[a]).slice(0, 50);
        fillTable("block-table", "The 50 largest blocks", ["Address", "Bytes", "Event", "Allocated at", "Thread"], some.map((life) =>
            [place.address(place.offsets[life]), Text.number(trace.sizes[life]), Text.number(trace.beginning(life) + 1),
                Text.time(trace.timeOf(trace.beginning(life))), String(trace.threads[life])]));
    },

    about({ about, version }) {
        const parts = [`Made by heapmm ${version}`, about.program && "of " + about.program, about.pid && "process " + about.pid,
            about.started > 0 && new Date(1000 * about.started).toISOString().replace("T", " ").replace(".000Z", " UTC"),
            "from " + about.file];
        document.getElementById("about").textContent = parts.filter(Boolean).join(", ") + ".";
    },
};
