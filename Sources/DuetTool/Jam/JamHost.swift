import CPVM
import Foundation
import PVM

/// The host calls of a JAM node, as far as they need no chain (Gray Paper appendix B, general functions): gas, grow_heap,
/// fetch, lookup, read, write, info, and log of JIP-1. All others cost what the table says and answer WHAT.
final class JamHost {
    private(set) var state: JamState
    private let isa: ISA
    private let console: Console
    /// What the last call did, for traces: kept where somebody wants it.
    private(set) var last: JamCall?
    /// The run is left behind each call, with PVM_EXIT_HOST.
    private var pauses = false

    init(_ state: JamState, _ isa: ISA, _ console: Console) {
        self.state = state
        self.isa = isa
        self.console = console
    }

    /// From the option --host; nil without it.
    convenience init?(_ arguments: Arguments, _ isa: ISA, _ console: Console) throws(ToolError) {
        guard let state = try JamState(arguments) else { return nil }
        self.init(state, isa, console)
    }

    /// Serves the machine, which must not outlive it.
    func serve(_ vm: UnsafeMutablePointer<pvm_vm_t>, pausing pauses: Bool = false) throws(ToolError) {
        self.pauses = pauses
        try check(pvm_set_host_function(vm, { vm, number, user in
            guard let vm, let user else { return PVM_ACTION_PANIC }
            return Unmanaged<JamHost>.fromOpaque(user).takeUnretainedValue().call(vm, number)
        }, Unmanaged.passUnretained(self).toOpaque()))
    }

    func takeLast() -> JamCall? {
        defer { last = nil }
        return last
    }

    private func call(_ vm: UnsafeMutablePointer<pvm_vm_t>, _ number: Int32) -> pvm_action_t {
        let before = JamCall(number, isa, vm)
        let guest = JamGuest(vm, keepsAccesses: pauses)
        let action = answer(guest, number)
        if pauses { last = before.finished(vm, guest, action) }
        return pauses && action == PVM_ACTION_CONTINUE ? PVM_ACTION_SUSPEND : action
    }

    private func answer(_ guest: JamGuest, _ number: Int32) -> pvm_action_t {
        let call = HostCall(isa, number: number)
        // These two the library serves, and takes their gas.
        if call == .gas { return pvm_host_gas(guest.vm) }
        if call == .grow_heap { return pvm_host_grow_heap(guest.vm) }
        let gas = pvm_host_call_gas(isa.code, number, guest.registers, 0)
        guard pvm_charge_gas(guest.vm, gas) == PVM_OK else { return PVM_ACTION_OOG }
        switch call {
        case .fetch: return fetch(guest)
        case .lookup: return lookup(guest)
        case .read: return read(guest)
        case .write: return write(guest)
        case .info: return info(guest)
        default:
            if number == JamHost.log { log(guest) }
            return guest.answer(JamHost.what)
        }
    }

    // MARK: The calls

    private static let log: Int32 = 100
    private static let none = UInt64.max, what = UInt64.max - 1, full = UInt64.max - 4

    /// 2^64 - 1 stands for the service itself.
    private func account(_ number: UInt64) -> JamAccount? { state.accounts[number == .max ? state.service : number] }

    /// Ω_Y
    private func fetch(_ guest: JamGuest) -> pvm_action_t {
        let r = guest.registers
        return guest.give(state.fetch[r[10], r[11], r[12], isa: isa], to: r[7], from: r[8], count: r[9])
    }

    /// Ω_L
    private func lookup(_ guest: JamGuest) -> pvm_action_t {
        let r = guest.registers
        guard let hash = guest.read(r[8], 32) else { return PVM_ACTION_PANIC }
        return guest.give(account(r[7])?.preimages[hash], to: r[9], from: r[10], count: r[11])
    }

    /// Ω_R
    private func read(_ guest: JamGuest) -> pvm_action_t {
        let r = guest.registers
        guard let key = guest.read(r[8], r[9]) else { return PVM_ACTION_PANIC }
        return guest.give(account(r[7])?.storage[key], to: r[10], from: r[11], count: r[12])
    }

    /// Ω_W
    private func write(_ guest: JamGuest) -> pvm_action_t {
        let r = guest.registers
        let isWithoutValue = r[10] == 0
        guard let key = guest.read(r[7], r[8]), isWithoutValue || pvm_is_readable(guest.vm, r[9], r[10]) != 0 else {
            return PVM_ACTION_PANIC
        }
        guard var own = state.accounts[state.service], own.hasRoom(key, r[10]) else {
            return guest.answer(JamHost.full)
        }
        guard let value = isWithoutValue ? [] : guest.read(r[9], r[10]) else { return PVM_ACTION_PANIC }
        state.accounts[state.service] = nil
        let writing = own.write(key, value)
        state.accounts[state.service] = own
        guard case .done(let old) = writing else { return guest.answer(JamHost.full) }
        return guest.answer(old.map { UInt64($0) } ?? JamHost.none)
    }

    /// Ω_I
    private func info(_ guest: JamGuest) -> pvm_action_t {
        let r = guest.registers
        return guest.give(account(r[7])?.info, to: r[8], from: r[9], count: r[10])
    }

    /// JIP-1. Memory that is not readable is no mistake of the guest's here: nothing is said then.
    private func log(_ guest: JamGuest) {
        let r = guest.registers
        guard let message = guest.text(r[10], r[11]) else { return }
        let hasTarget = r[8] != 0 || r[9] != 0
        guard let target = hasTarget ? guest.text(r[8], r[9]) : "" else { return }
        let levels = ["error", "warning", "info", "debug", "trace"]
        let level = r[7] < 5 ? levels[Int(r[7])] : "level \(r[7])"
        console.report("\(level): " + (target.isEmpty ? "" : "[\(target)] ") + message)
    }
}

extension JamAccount {
    /// What `info` gives out, 96 octets.
    fileprivate var info: [UInt8] {
        var octets = codeHash
        func add(_ value: UInt64, _ count: Int) {
            for index in 0..<count { octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        for value in [balance, threshold, minAccumulateGas, minMemoGas, self.octets] { add(value, 8) }
        add(min(items, UInt64(UInt32.max)), 4)
        add(gratis, 8)
        for value in [created, lastAccumulation, parent] { add(UInt64(value), 4) }
        return octets
    }
}
