"use strict";
/* Reads what PageEncoder has written. */

function decodeBase64(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const octets = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) octets[i] = raw.charCodeAt(i);
    return octets;
}

function decodeHex(text) {
    const octets = new Uint8Array(text.length / 2);
    for (let i = 0; i < octets.length; i++) octets[i] = parseInt(text.substr(2 * i, 2), 16);
    return octets;
}

class Reader {
    constructor(octets) {
        this.octets = octets;
        this.at = 0;
    }

    octet() { return this.octets[this.at++]; }

    /* Exact up to 2^53. */
    number() {
        let value = 0, factor = 1, octet;
        do {
            octet = this.octets[this.at++];
            value += (octet & 127) * factor;
            factor *= 128;
        } while (octet > 127);
        return value;
    }

    big() {
        let value = 0n, shift = 0n, octet;
        do {
            octet = this.octets[this.at++];
            value |= BigInt(octet & 127) << shift;
            shift += 7n;
        } while (octet > 127);
        return value;
    }

    signed() {
        const value = this.big();
        return value & 1n ? -(value + 1n >> 1n) : value >> 1n;
    }
}

/* An array of numbers that grows. */
class Column {
    constructor(Type, capacity) {
        this.values = new Type(Math.max(16, capacity));
        this.count = 0;
    }

    push(value) {
        if (this.count === this.values.length) {
            const larger = new this.values.constructor(2 * this.count);
            larger.set(this.values);
            this.values = larger;
        }
        this.values[this.count] = value;
        return this.count++;
    }
}
