import CPVM

/// The guest as a host call sees it. What the host reads and writes goes through here, so that a trace can show it.
final class JamGuest {
    struct Access {
        let address: UInt64
        let octets: [UInt8]
    }

    let vm: UnsafeMutablePointer<pvm_vm_t>
    private let keepsAccesses: Bool
    private(set) var reads: [Access] = []
    private(set) var writes: [Access] = []

    init(_ vm: UnsafeMutablePointer<pvm_vm_t>, keepsAccesses: Bool) {
        self.vm = vm
        self.keepsAccesses = keepsAccesses
    }

    /// The thirteen, as they are when the call is made.
    private(set) lazy var registers: [UInt64] = (0..<PVM_REGISTERS).map { pvm_get_register(vm, Int32($0)) }

    func answer(_ value: UInt64) -> pvm_action_t {
        pvm_set_register(vm, 7, value)
        return PVM_ACTION_CONTINUE
    }

    /// Nil if not all of it is readable.
    func read(_ address: UInt64, _ count: UInt64) -> [UInt8]? {
        // Asked first: the guest may name any number, and what is readable fits into its memory.
        guard count > 0 else { return [] }
        guard pvm_is_readable(vm, address, count) != 0 else { return nil }
        let octets = [UInt8](unsafeUninitializedCapacity: Int(count)) { room, filled in
            if pvm_read(vm, address, count, room.baseAddress) == PVM_OK { filled = Int(count) }
        }
        guard octets.count == Int(count) else { return nil }
        if keepsAccesses { reads.append(Access(address: address, octets: octets)) }
        return octets
    }

    /// Text for people: of a long one the beginning, without characters that a terminal would take for something else.
    func text(_ address: UInt64, _ count: UInt64) -> String? {
        let most: UInt64 = 1 << 16
        guard count == 0 || pvm_is_readable(vm, address, count) != 0, let octets = read(address, min(count, most)) else {
            return nil
        }
        var text = ""
        for scalar in String(decoding: octets, as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: text += scalar.escaped(asASCII: true)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return count > most ? text + "…" : text
    }

    /// How fetch, lookup, read and info end: a part of what was asked for goes into memory, its length into register 7.
    func give(_ value: [UInt8]?, to address: UInt64, from start: UInt64, count: UInt64) -> pvm_action_t {
        let size = UInt64(value?.count ?? 0)
        let first = min(start, size), length = min(count, size - first)
        guard length == 0 || pvm_is_writable(vm, address, length) != 0 else { return PVM_ACTION_PANIC }
        guard let value else { return answer(.max) }
        if length > 0 {
            let part = Array(value[Int(first)..<Int(first + length)])
            guard pvm_write(vm, address, length, part) == PVM_OK else { return PVM_ACTION_PANIC }
            if keepsAccesses { writes.append(Access(address: address, octets: part)) }
        }
        return answer(size)
    }
}
