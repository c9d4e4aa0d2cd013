import CPVM
import PVM

/// A host call that has been served, as traces show it.
struct JamCall {
    let number: Int32
    /// The Gray Paper's, or JIP-1's.
    let name: String
    let pc: UInt32
    /// Before and behind it.
    let gas: Int64
    private(set) var gasAfter: Int64 = 0
    let registers: [UInt64]
    private(set) var changed: [(register: Int, value: UInt64)] = []
    private(set) var reads: [JamGuest.Access] = []
    private(set) var writes: [JamGuest.Access] = []
    /// The exit with which it ended the run.
    private(set) var exit: pvm_exit_t?

    init(_ number: Int32, _ isa: ISA, _ vm: UnsafeMutablePointer<pvm_vm_t>) {
        self.number = number
        let known = String(cString: pvm_host_call_name(isa.code, number))
        name = number == 100 ? "log" : known
        pc = UInt32(truncatingIfNeeded: pvm_get_pc(vm))
        gas = pvm_get_gas_signed(vm)
        registers = (0..<PVM_REGISTERS).map { pvm_get_register(vm, Int32($0)) }
    }

    func finished(_ vm: UnsafeMutablePointer<pvm_vm_t>, _ guest: JamGuest, _ action: pvm_action_t) -> JamCall {
        var call = self
        call.gasAfter = pvm_get_gas_signed(vm)
        for index in registers.indices {
            let value = pvm_get_register(vm, Int32(index))
            if value != registers[index] { call.changed.append((index, value)) }
        }
        (call.reads, call.writes) = (guest.reads, guest.writes)
        switch action {
        case PVM_ACTION_CONTINUE: break
        case PVM_ACTION_OOG: call.exit = PVM_EXIT_OOG
        default: call.exit = PVM_EXIT_PANIC
        }
        return call
    }

    var cost: Int64 { gas - gasAfter }
}
