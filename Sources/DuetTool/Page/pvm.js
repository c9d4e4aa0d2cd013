/* Traces of the PVM, as PVMPage has written them. Registers are kept whole at every 256th step; the others follow from what was
   written since. */
class PVMTrace extends Trace {
    constructor(header, steps) {
        super(header);
        this.octets = steps;
        this.names = header.opcodes;
        this.register = new Uint8Array(this.count).fill(255);
        this.result = new BigUint64Array(this.count);
        this.access = new Uint8Array(this.count);
        this.address = new Uint32Array(this.count);
        this.write = new Uint32Array(this.count);
        this.writeAddress = new Column(Uint32Array, 64);
        this.writeSize = new Column(Uint8Array, 64);
        this.writeValue = new Column(BigUint64Array, 64);
        this.addWrite(0, 0, 0n);
        this.keys = new BigUint64Array(13 * (Math.ceil(this.count / 256) + 1));
        this.pages = new Map(header.pages.map(page => [page.address, page.data ? decodeBase64(page.data) : new Uint8Array(4096)]));
        this.pageList = [...this.pages.keys()].sort((a, b) => a - b);
        this.code = { pcs: Uint32Array.from(header.pcs), length: header.codeSize };
        this.code.text = row => {
            const text = header.texts[row], space = text.indexOf(" ");
            return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
        };
        const labels = new Set(header.blocks);
        this.code.isLabel = row => labels.has(this.code.pcs[row]);
        this.rows = new Map(header.pcs.map((pc, row) => [pc, row]));
        /* What the host did at the steps that are its own: number, registers, and ranges of memory that it read and wrote. */
        this.host = new Map();
        this.read(new Reader(steps));
    }

    addWrite(address, size, value) {
        this.writeAddress.push(address);
        this.writeSize.push(size);
        return this.writeValue.push(value);
    }

    value(reader) {
        // Six octets are an exact number of JavaScript's.
        const length = reader.octet(), high = Math.max(0, length - 6);
        let upper = 0, lower = 0;
        for (let i = 0; i < high; i++) upper = upper * 256 + reader.octet();
        for (let i = high; i < length; i++) lower = lower * 256 + reader.octet();
        return upper ? BigInt(upper) << 48n | BigInt(lower) : BigInt(lower);
    }

    read(reader) {
        const registers = BigUint64Array.from(this.header.registers.map(BigInt)), costs = [], ops = [];
        let gas = BigInt(this.header.gas), write = 0, expected = -1, place = -1, row = -1;
        for (let step = 0, index = -1; step < this.count; step++) {
            index = this.enter(step, index);
            if (step % 256 === 0) this.keys.set(registers, 13 * (step / 256));
            const flags = reader.octet();
            if (flags & 128) {
                this.gas[step] = gas;
                this.write[step] = write;
                write = this.hostCall(step, reader, registers, write);
                gas -= this.cost[step];
                if (flags & 64) this.faults.set(step, this.header.exits[reader.octet()]);
                continue;
            }
            const pc = flags & 1 ? reader.number() : expected;
            if (pc !== place) row = this.rows.get(place = pc) ?? -1;
            const key = row < 0 ? -1 - pc : row;
            this.op[step] = flags & 2 ? ops[key] = reader.octet() : ops[key];
            const cost = flags & 4 ? costs[key] = reader.signed() : costs[key];
            this.pc[step] = pc;
            this.gas[step] = gas;
            this.cost[step] = cost;
            this.write[step] = write;
            gas -= cost;
            if (flags & 8) {
                this.register[step] = reader.octet();
                registers[this.register[step]] = this.result[step] = this.value(reader);
            }
            if (flags & 16) {
                this.access[step] = reader.octet();
                this.address[step] = reader.number();
            }
            if (flags & 32) write = this.addWrite(this.address[step], this.access[step] & 15, this.value(reader));
            if (flags & 64) this.faults.set(step, this.header.exits[reader.octet()]);
            place = expected = this.code.pcs[++row];
        }
    }

    hostCall(step, reader, registers, write) {
        this.op[step] = reader.octet();
        const call = { number: reader.number(), registers: [], reads: [], writes: [] };
        this.pc[step] = reader.number();
        this.cost[step] = reader.signed();
        for (let i = reader.number(); i > 0; i--) {
            const register = reader.octet();
            registers[register] = this.value(reader);
            call.registers.push([register, registers[register]]);
        }
        for (let i = reader.number(); i > 0; i--) call.reads.push({ address: reader.number(), length: reader.number() });
        for (let i = reader.number(); i > 0; i--) {
            const address = reader.number(), length = reader.number();
            call.writes.push({ address, length });
            for (let at = 0; at < length; at += 8) {
                let value = 0n;
                const size = Math.min(8, length - at);
                for (let octet = 0; octet < size; octet++) value |= BigInt(reader.octet()) << BigInt(8 * octet);
                write = this.addWrite(address + at, size, value);
            }
        }
        this.host.set(step, call);
        return write;
    }

    name(step) { return this.names[this.op[step]] ?? "undefined"; }

    text(step) {
        const call = this.host.get(step);
        if (call) return `${this.name(step)} (host call ${call.number})`;
        const row = this.rows.get(this.pc[step]);
        return row === undefined ? this.name(step).toLowerCase() : this.header.texts[row];
    }

    registers(step) {
        const key = Math.floor(step / 256), registers = this.keys.slice(13 * key, 13 * key + 13);
        for (let i = 256 * key; i < step; i++) {
            if (this.register[i] < 13) registers[this.register[i]] = this.result[i];
            for (const [register, value] of this.host.get(i)?.registers ?? []) registers[register] = value;
        }
        const call = this.host.get(step - 1);
        return { values: registers, changed: call ? call.registers.map(([register]) => register) : step > 0 ? [this.register[step - 1]] : [] };
    }

    memorySize() { return 4096 * this.pageList.length; }

    /* Rows of the dump are those of the pages that the run touched. */
    addressOf(place) { return this.pageList[Math.floor(place / 4096)] + place % 4096; }

    placeOf(address) {
        const page = this.pageList.indexOf(address - address % 4096);
        return page < 0 ? null : 4096 * page + address % 4096;
    }

    /* Octets at places, before a step. */
    memory(step, place, length) {
        const result = new Uint8Array(length), known = new Uint8Array(length);
        let missing = length;
        const first = this.addressOf(place), last = this.addressOf(place + length - 1);
        for (let write = this.write[step]; write && missing; write--) {
            const address = this.writeAddress.values[write], size = this.writeSize.values[write];
            if (address > last || address + size <= first) continue;
            for (let i = 0; i < size; i++) {
                const at = this.placeOf(address + i) - place;
                if (at < 0 || at >= length || known[at]) continue;
                known[at] = 1;
                missing--;
                result[at] = Number(this.writeValue.values[write] >> BigInt(8 * i) & 255n);
            }
        }
        for (let i = 0; i < length && missing; i++) {
            if (known[i]) continue;
            const address = this.addressOf(place + i);
            result[i] = this.pages.get(address - address % 4096)[address % 4096];
        }
        return result;
    }

    written(step) {
        if (step === 0 || this.write[step] === this.write[step - 1]) return [];
        const call = this.host.get(step - 1);
        if (call) return call.writes.flatMap(range => this.range(range.address, range.length));
        return this.range(this.writeAddress.values[this.write[step]], this.writeSize.values[this.write[step]]);
    }

    /* What the instruction of the step reads or writes. */
    touched(step) {
        const range = this.host.get(step)?.reads[0] ?? this.host.get(step)?.writes[0];
        if (range) return this.range(range.address, range.length)[0] ?? null;
        return this.access[step] ? this.range(this.address[step], this.access[step] & 15)[0] ?? null : null;
    }

    /* What the instruction pane says of a host call beside gas and place. */
    hostFacts(step) {
        const call = this.host.get(step);
        if (!call) return [];
        const ranges = list => list.map(({ address, length }) => `0x${address.toString(16)} (${length})`).join(", ");
        return [["host reads", ranges(call.reads)], ["host writes", ranges(call.writes)],
                ["host sets", call.registers.map(([register, value]) => `${this.header.registerNames[register]} = 0x${value.toString(16)}`).join(", ")]]
            .filter(([, text]) => text);
    }

    range(address, length) {
        const offset = this.placeOf(address);
        return offset === null ? [] : [{ offset, length }];
    }

    listing() { return this.code; }
    place(pc) { return String(pc); }

    frameLabel(frame) { return frame.address || "start"; }
    frameTarget(frame) { return frame.address; }

    /* Steps behind an instruction that has written the number to a register. */
    stepsWithValue(wanted) {
        if (wanted.length > 8) return [];
        let number = 0n;
        for (const octet of wanted) number = number << 8n | BigInt(octet);
        const steps = [];
        for (let step = 0; step < this.count; step++) {
            const isWritten = this.register[step] < 13 && this.result[step] === number;
            if (isWritten || this.host.get(step)?.registers.some(([, value]) => value === number)) steps.push(Math.min(step + 1, this.count - 1));
        }
        return steps;
    }
}
