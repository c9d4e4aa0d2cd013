/* What the search field understands, and the steps that it finds. */

function findSteps(trace, query) {
    const text = query.trim(), match = /^(op|pc|depth|step|mem|value|address):\s*(.+)$/i.exec(text);
    if (!text) return [];
    if (match) {
        const [, what, rest] = match;
        switch (what.toLowerCase()) {
        case "op": return stepsOf(trace, rest);
        case "pc": return stepsWhere(trace, step => trace.pc[step] === numberOf(rest));
        case "depth": return stepsWhere(trace, step => trace.frameAt(step).depth === numberOf(rest));
        case "step": return numberOf(rest) >= 0 && numberOf(rest) < trace.count ? [numberOf(rest)] : [];
        case "mem": return stepsWhere(trace, step => trace.written(step).some(range => holds(trace, range, numberOf(rest))));
        case "address": return stepsInto(trace, rest);
        default: return withValue(trace, rest);
        }
    }
    if (/^(fault|error)s?$/i.test(text)) return [...trace.faults.keys()];
    if (/^calls?$/i.test(text) && trace.header.machine === "pvm") return trace.frames.filter(frame => frame.parent >= 0).map(frame => frame.start);
    if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) {
        const values = withValue(trace, text), frames = stepsInto(trace, text);
        return frames.length ? [...new Set([...values, ...frames])].sort((a, b) => a - b) : values;
    }
    return stepsOf(trace, text);
}

function numberOf(text) { return /^(0x[0-9a-f]+|\d+)$/i.test(text.trim()) ? Number(text.trim()) : -1; }

function stepsWhere(trace, test) {
    const steps = [];
    for (let step = 0; step < trace.count; step++) if (test(step)) steps.push(step);
    return steps;
}

/* By the name of an instruction, in full or, if there is none of that name, its beginning. */
function stepsOf(trace, text) {
    const wanted = text.trim().toUpperCase().replace(/ /g, "_"), names = new Array(256).fill("");
    for (let op = 0; op < 256; op++) {
        const entry = trace.header.opcodes[op];
        names[op] = (typeof entry === "string" ? entry : entry?.name ?? "").toUpperCase();
    }
    let marks = names.map(name => name === wanted);
    if (!marks.includes(true)) marks = names.map(name => name !== "" && name.startsWith(wanted));
    return marks.includes(true) ? stepsWhere(trace, step => marks[trace.op[step]]) : [];
}

function withValue(trace, text) {
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(text.trim())) return [];
    let digits = BigInt(text.trim()).toString(16);
    if (digits === "0") digits = "";
    return trace.stepsWithValue(decodeHex(digits.length % 2 ? "0" + digits : digits));
}

/* Where frames of an address begin. */
function stepsInto(trace, text) {
    const wanted = text.trim().toLowerCase();
    return trace.frames.filter(frame => [frame.address, frame.codeAddress].includes(wanted))
        .map(frame => frame.end > frame.start ? frame.start : Math.max(0, frame.start - 1));
}

function holds(trace, range, address) {
    const offset = trace.placeOf ? trace.placeOf(address) : address;
    return offset !== null && offset >= range.offset && offset < range.offset + range.length;
}

/* The place in ascending `steps` of the first one behind `step`, or of the last one before it; goes on at the other end. */
function neighbour(steps, step, forward) {
    let low = 0, high = steps.length;
    while (low < high) {
        const middle = low + high >> 1;
        if (forward ? steps[middle] <= step : steps[middle] < step) low = middle + 1; else high = middle;
    }
    return forward ? low % steps.length : (low - 1 + steps.length) % steps.length;
}
