/* page.js: the moment that is picked, and all that shows it.
 * SPDX-License-Identifier: MIT */
"use strict";

const Page = {
    get: (id) => document.getElementById(id),

    /* What the parts of the page share. */
    makeState(facts, trace) {
        const columns = trace.columns;
        return {
            facts, trace, place: trace.places[0], moment: 0, across: facts.trace.nanoseconds > 0 ? "time" : "events", part: "memory", colour: "age",
            view: { start: 0, bytes: 1 }, range: { min: 0, max: 1 },
            get xs() { return columns[this.across === "time" ? "moment.time" : "moment.events"]; },
            get x() { return this.across === "time" ? trace.timeAt(this.moment) : this.moment; },
            get whole() { return { min: 0, max: Math.max(1, this.xs[this.xs.length - 1]) }; },
            momentOf(x) { return this.across === "time" ? trace.momentAt(x) : Math.max(0, Math.min(trace.events, Math.round(x))); },
            /* Of a value across: all labels of an axis in one unit. */
            label(x) {
                if (this.across !== "time") return Text.number(x);
                const most = this.whole.max, unit = most < 1e3 ? 0 : most < 1e6 ? 1 : most < 1e9 ? 2 : 3;
                return Number((x / 1000 ** unit).toPrecision(12)) + " " + ["ns", "µs", "ms", "s"][unit];
            },
            /* The index of the first of the curves' moments that is not before the one picked: its step has that in it. */
            nearest() {
                const moments = columns["moment.events"], at = moments.findIndex((events) => events >= this.moment);
                return at < 0 ? moments.length - 1 : at;
            },
            pick: (moment) => Page.pick(moment),
            zoomed: (min, max) => Page.zoomed(min, max),
        };
    },

    async start() {
        const facts = JSON.parse(Page.get("facts").textContent);
        Tables.head(facts);
        for (const table of ["sizes", "lifetimes", "threads"]) Tables[table](facts.trace);
        Tables.allocators(facts);
        Tables.about(facts);
        Page.get("moment-text").textContent = "Reading the blocks ...";
        if (typeof DecompressionStream === "undefined") {
            Page.giveUp("This browser is too old for the curves, the map and the blocks: it has no DecompressionStream.");
            return;
        }
        try {
            await Page.read(facts);
        } catch (error) {
            console.error(error);
            Page.giveUp(`The curves, the map and the blocks cannot be read; the page may not be whole: ${error.message}`);
        }
    },

    async read(facts) {
        const columns = await Columns.read(Page.get("columns").textContent.trim(), (part) => {
            Page.get("moment-text").textContent = `Reading the blocks: ${Math.round(100 * part)} %`;
        });
        Page.get("columns").remove();
        Page.show(facts, new Trace(facts, columns));
    },

    /* What needs no columns is there. */
    giveUp(why) {
        Tables.warn(why + " heapmm report --svg draws pictures without a script.");
        for (const section of document.querySelectorAll("section.drawn")) section.hidden = true;
    },

    show(facts, trace) {
        const state = Page.state = Page.makeState(facts, trace);
        Page.map = new MapView(Page.get("map"), state);
        Page.blocks = new BlockView(Page.get("blocks"), state);
        Page.memory = new Plot(Page.get("memory-plot"), Page.get("memory-legend"), state,
            { height: 300, format: Text.bytes, steps: binarySteps(), range: (max) => [0, 1.05 * max || 1] });
        Page.fragmentation = new Plot(Page.get("fragmentation-plot"), Page.get("fragmentation-legend"), state,
            { height: 220, format: (value) => Math.round(value) + " %", steps: [10, 20, 25, 50], range: () => [0, 100] });
        Tables.moments(trace, facts.replays);
        state.moment = Page.peak();
        state.range = state.whole;
        for (const radio of Page.get("axis-switch").querySelectorAll("input")) {
            radio.checked = radio.value === state.across;
            radio.disabled = facts.trace.nanoseconds === 0;
        }
        Page.addPlaces();
        Page.listen();
        Page.blocks.showAll();
        Page.redraw();
        document.documentElement.dataset.ready = "true";
    },

    /* ---- Series ---- */

    memorySeries() {
        const { trace, facts } = Page.state, columns = trace.columns;
        return [
            { name: "live bytes", colour: "--mark", fill: "--mark-faint", width: 2, values: columns["moment.most"] },
            { name: "pages in use", colour: "--faint", dash: [5, 3], values: columns["moment.pages"] },
            ...facts.replays.map((replay, i) => Page.replaySeries(replay, i, (k) => columns[`replay.${i}.memory`][k])),
        ];
    },

    /* Samples are at the moments from the second on. */
    replaySeries(replay, i, valueAt) {
        const samples = Page.state.trace.columns[`replay.${i}.memory`].length;
        const values = Array.from(Page.state.xs, (_, k) => (k === 0 || k > samples ? null : valueAt(k - 1)));
        return { name: baseName(replay.name), colour: "--a" + i % 8, values };
    },

    fragmentationSeries() {
        const { trace, facts, part } = Page.state, columns = trace.columns;
        const of = (i, name, k) => columns[`replay.${i}.${name}`][k];
        if (part === "memory") return [
            { name: "pages in use", colour: "--faint", dash: [5, 3],
                values: Array.from(columns["moment.pages"], (pages, k) => unused(columns["moment.live"][k], pages)) },
            ...facts.replays.map((replay, i) => Page.replaySeries(replay, i, (k) => unused(of(i, "live", k), of(i, "memory", k)))),
        ];
        return facts.replays.map((replay, i) => (replay.has_arena && columns[`replay.${i}.free`].some((value) => value > 0)
            ? Page.replaySeries(replay, i, (k) => unused(of(i, "largest", k), of(i, "free", k))) : null)).filter(Boolean);
    },

    /* ---- Showing ---- */

    peak() {
        const { trace } = Page.state, most = trace.columns["moment.most"], events = trace.columns["moment.events"];
        let at = 0;
        for (let i = 1; i < most.length; i++) if (most[i] > most[at]) at = i;
        return Math.min(trace.events, Page.exactPeak(at === 0 ? 0 : events[at - 1], events[at]));
    },

    /* The moment between two at which most bytes are live, as far as blocks were not left out. */
    exactPeak(from, to) {
        const { trace } = Page.state, changes = new Float64Array(to - from + 1);
        for (let life = 0; life < trace.count; life++) {
            const birth = trace.births[life] + 1, death = trace.deaths[life] + 1;
            if (birth > from && birth <= to) changes[birth - from] += trace.sizes[life];
            if (death > from && death <= to && trace.lengths[life] !== 0) changes[death - from] -= trace.sizes[life];
        }
        let best = to, most = -Infinity, sum = 0;
        for (let i = 1; i < changes.length; i++) {
            sum += changes[i];
            if (sum > most) [most, best] = [sum, from + i];
        }
        return best;
    },

    /* All of it: another axis, another size of the window, other colours. */
    redraw() {
        Page.memory.make(Page.memorySeries());
        Page.fragmentation.make(Page.fragmentationSeries());
        Page.get("fragmentation-note").textContent = Page.state.part === "memory"
            ? "Headers, rounding, gaps between blocks, and what was needed before and is kept."
            : "Free bytes that a request cannot have in one piece, of heaps that tell: one minus the largest free block by all free bytes.";
        Page.map.update();
        Page.showMoment();
    },

    pick(moment) {
        Page.state.moment = Math.max(0, Math.min(Page.state.trace.events, moment));
        Page.showMoment();
    },

    showMoment() {
        const { trace, moment } = Page.state;
        Page.blocks.update();
        Page.map.draw();
        Page.memory.refresh();
        Page.fragmentation.refresh();
        const bytes = Page.blocks.live.reduce((sum, life) => sum + trace.sizes[life], 0);
        const text = `After event ${Text.number(moment)} of ${Text.number(trace.events)}, at ${Text.time(trace.timeAt(moment))}: `
            + `${Text.count(Page.blocks.live.length, "block", "blocks")}, ${Text.bytes(bytes)}.`;
        Page.get("moment-text").textContent = text;
        Page.get("moment-slider").max = Page.get("moment-number").max = trace.events;
        Page.get("moment-slider").value = Page.get("moment-number").value = moment;
        Page.get("moment-slider").setAttribute("aria-valuetext", text);
        const map = Page.get("map");
        map.setAttribute("aria-valuemin", 0);
        map.setAttribute("aria-valuemax", trace.events);
        map.setAttribute("aria-valuenow", moment);
        map.setAttribute("aria-valuetext", text);
        Page.showBlock();
        Page.showLegend();
        if (Page.get("block-details").open) Page.showLargest();
    },

    showLargest() {
        Tables.largest(Page.state.trace, Page.state.place, Page.blocks.live);
    },

    /* Blocks and map, without looking for the blocks of the moment again. */
    showView() {
        Page.blocks.draw();
        Page.map.draw();
        Page.showBlock();
    },

    describe(life) {
        const { trace, place, moment } = Page.state;
        const began = trace.beginning(life), age = trace.timeAt(moment) - trace.timeOf(began);
        const resized = began === trace.births[life] ? "" : `, resized in event ${Text.number(trace.births[life] + 1)}`;
        const end = trace.lengths[life] === 0 ? "It is never freed." : `Its end is event ${Text.number(trace.deaths[life] + 1)}, `
            + `${Text.time(trace.timeOf(trace.deaths[life]) - trace.timeAt(moment))} later.`;
        return `${Text.count(trace.sizes[life], "byte", "bytes")} at ${place.address(place.offsets[life])}: ${Text.time(age)} old, `
            + `from thread ${trace.threads[life]} in event ${Text.number(began + 1)}${resized}. ${end}`;
    },

    showBlock() {
        const { selected, live } = Page.blocks, { view, place } = Page.state;
        Page.get("block-text").textContent = selected >= 0 ? Page.describe(live[selected])
            : live.length === 0 ? "No blocks are here at this moment." : "Click a block, or step from block to block with the arrow keys.";
        const end = Math.min(place.bytes, view.start + view.bytes);
        Page.get("view-text").textContent = `${Text.bytes(Math.max(0, end - view.start))} from ${place.address(view.start)}, `
            + `${Text.bytes(Page.blocks.perRow)} in a row`;
    },

    showLegend() {
        const { names, colours } = Page.blocks.scheme, { colour } = Page.state;
        Page.get("blocks-legend").replaceChildren(...names.map((name, i) =>
            element("span", {}, swatch((colour === "thread" ? "--a" : "--s") + i % colours.length), name)));
    },

    /* ---- Listening ---- */

    addPlaces() {
        const { trace } = Page.state, fieldset = Page.get("place-switch");
        trace.places.forEach((place, i) => {
            const radio = element("input", { type: "radio", name: "place", value: place.name });
            radio.checked = i === 0;
            fieldset.append(element("label", {}, radio, " " + place.label));
        });
        Page.notePlace();
    },

    notePlace() {
        const { place } = Page.state, stretches = Text.count(place.spans.length, "stretch", "stretches");
        Page.get("map-note").textContent = (place.name === "recorded"
            ? "Where the program's own allocator put its blocks: "
            : `Where ${Page.state.facts.lives.replayed_on} puts the same blocks in its arena: `)
            + `${Text.bytes(place.bytes)} of addresses in ${stretches}, lowest first; what lies between is left out. `
            + "The stronger the colour of a spot, the more of it is in blocks.";
    },

    onSwitch(id, change) {
        Page.get(id).addEventListener("change", (event) => {
            if (event.target.type === "radio") change(event.target.value);
        });
    },

    listen() {
        const { state } = Page;
        Page.onSwitch("axis-switch", (value) => {
            state.across = value;
            state.range = state.whole;
            Page.redraw();
        });
        Page.onSwitch("fragmentation-switch", (value) => {
            state.part = value;
            Page.redraw();
        });
        Page.onSwitch("colour-switch", (value) => {
            state.colour = value;
            Page.showView();
            Page.showLegend();
        });
        Page.onSwitch("place-switch", (value) => {
            state.place = state.trace.places.find((place) => place.name === value);
            Page.blocks.selected = -1;
            Page.notePlace();
            Page.blocks.showAll();
            Page.map.update();
            Page.showMoment();
        });
        Page.listenToMoment();
        Page.listenToMap();
        Page.listenToBlocks();
        Page.listenToWindow();
    },

    listenToMoment() {
        const on = (id, type, handle) => Page.get(id).addEventListener(type, handle);
        on("moment-slider", "input", (event) => Page.pick(Number(event.target.value)));
        on("moment-number", "change", (event) => Page.pick(Math.round(Number(event.target.value)) || 0));
        on("moment-back", "click", () => Page.pick(Page.state.moment - 1));
        on("moment-on", "click", () => Page.pick(Page.state.moment + 1));
        on("moment-peak", "click", () => Page.pick(Page.peak()));
        on("block-details", "toggle", () => Page.showLargest());
    },

    listenToMap() {
        const canvas = Page.get("map");
        const pickAt = (event) => {
            const { moment, offset } = Page.map.at(event.offsetX, event.offsetY);
            Page.state.moment = moment;
            Page.blocks.show(Page.blocks.perRow, offset);
            Page.blocks.selected = -1;
            Page.showMoment();
            Page.blocks.selectAt(offset);
            Page.showView();
        };
        canvas.addEventListener("click", pickAt);
        canvas.addEventListener("pointermove", (event) => {
            if (event.buttons === 1) pickAt(event);
        });
        canvas.addEventListener("keydown", (event) => Page.onMapKey(event));
    },

    onMapKey(event) {
        const { state, blocks } = Page, step = (state.range.max - state.range.min) / 100;
        const stepped = (sign) => (event.shiftKey ? state.moment + sign : Page.differentMoment(sign, step));
        const scrolled = (sign) => () => {
            blocks.scroll(sign * Math.max(1, Math.round(state.place.bytes / blocks.perRow / 40)));
            Page.showView();
        };
        const actions = {
            ArrowLeft: () => Page.pick(stepped(-1)),
            ArrowRight: () => Page.pick(stepped(1)),
            ArrowUp: scrolled(-1),
            ArrowDown: scrolled(1),
            Home: () => Page.pick(Math.min(1, state.trace.events)),
            End: () => Page.pick(state.trace.events),
        };
        Page.act(actions, event);
    },

    /* A step to the left or right, and at least one event. */
    differentMoment(sign, step) {
        const { state } = Page, moment = state.momentOf(state.x + sign * step);
        return sign > 0 ? Math.max(moment, state.moment + 1) : Math.min(moment, state.moment - 1);
    },

    listenToBlocks() {
        const canvas = Page.get("blocks"), { blocks } = Page;
        const on = (id, handle) => Page.get(id).addEventListener("click", () => {
            handle();
            Page.showView();
        });
        on("zoom-in", () => blocks.zoom(0.5));
        on("zoom-out", () => blocks.zoom(2));
        on("zoom-all", () => blocks.showAll());
        on("page-up", () => blocks.scroll(-ROW.count / 2));
        on("page-down", () => blocks.scroll(ROW.count / 2));
        canvas.addEventListener("click", (event) => {
            blocks.selected = blocks.indexAt(blocks.offsetAt(event.offsetX, event.offsetY));
            Page.showView();
        });
        canvas.addEventListener("wheel", (event) => {
            if (!event.ctrlKey) return;
            event.preventDefault();
            const offset = blocks.offsetAt(event.offsetX, event.offsetY);
            if (offset >= 0) blocks.show(blocks.perRow * (event.deltaY < 0 ? 0.5 : 2), offset);
            Page.showView();
        }, { passive: false });
        canvas.addEventListener("pointermove", (event) => Page.hover(event));
        canvas.addEventListener("pointerleave", () => { Page.get("tip").hidden = true; });
        canvas.addEventListener("keydown", (event) => Page.onBlockKey(event));
    },

    hover(event) {
        const { blocks } = Page, tip = Page.get("tip");
        const index = blocks.indexAt(blocks.offsetAt(event.offsetX, event.offsetY));
        tip.hidden = index < 0;
        if (index < 0) return;
        const { trace, moment, place } = Page.state, life = blocks.live[index];
        tip.replaceChildren(element("strong", {}, Text.count(trace.sizes[life], "byte", "bytes")),
            `${Text.time(trace.timeAt(moment) - trace.timeOf(trace.beginning(life)))} old, thread ${trace.threads[life]}`,
            element("br", {}), place.address(place.offsets[life]));
        const width = blocks.canvas.clientWidth;
        tip.style.left = Math.min(event.offsetX + 14, width - tip.offsetWidth - 4) + "px";
        tip.style.top = event.offsetY + 18 + "px";
    },

    onBlockKey(event) {
        const { blocks, state } = Page;
        const first = () => blocks.indexBehind(state.view.start);
        const moved = (move) => () => (blocks.selected < 0 ? blocks.select(first()) : move());
        const rows = (count) => moved(() => blocks.selectAt(state.place.offsets[blocks.live[blocks.selected]] + count * blocks.perRow));
        const actions = {
            ArrowLeft: moved(() => blocks.select(blocks.selected - 1)),
            ArrowRight: moved(() => blocks.select(blocks.selected + 1)),
            ArrowUp: rows(-1),
            ArrowDown: rows(1),
            Home: () => blocks.select(0),
            End: () => blocks.select(blocks.live.length - 1),
            PageUp: () => blocks.scroll(-ROW.count / 2),
            PageDown: () => blocks.scroll(ROW.count / 2),
            "+": () => blocks.zoom(0.5),
            "=": () => blocks.zoom(0.5),
            "-": () => blocks.zoom(2),
            "0": () => blocks.showAll(),
        };
        if (Page.act(actions, event)) Page.showView();
    },

    act(actions, event) {
        const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
        if (action === undefined) return false;
        event.preventDefault();
        action();
        return true;
    },

    /* A part of the axis was chosen in one of the curves. The curves tell while they are made, too. */
    zoomed(min, max) {
        const { range } = Page.state;
        if (Page.isZooming || !(max > min) || (min === range.min && max === range.max)) return;
        Page.isZooming = true;
        Page.state.range = { min, max };
        for (const plot of [Page.memory, Page.fragmentation])
            if (plot.plot !== undefined) plot.plot.setScale("x", { min, max });
        if (Page.map.picture !== undefined) Page.map.update();
        Page.isZooming = false;
    },

    listenToWindow() {
        let waiting = 0, width = window.innerWidth;
        const redrawSoon = () => {
            cancelAnimationFrame(waiting);
            waiting = requestAnimationFrame(() => Page.redraw());
        };
        window.addEventListener("resize", () => {
            if (window.innerWidth !== width) redrawSoon();
            width = window.innerWidth;
        });
        window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawSoon);
    },
};

Page.start();
