import CPVM
import VMCommon

/// Memory and registers of a standard program at its start (Gray Paper appendix A, function Y).
struct StandardLayout {
    static let zone: UInt64 = 1 << 16           // Z_Z
    static let argumentSpace: UInt64 = 1 << 24  // Z_I

    let roStart = zone
    let roEnd: UInt64
    /// Start of the rw data; the heap is its continuation.
    let rwStart: UInt64
    let heapEnd: UInt64
    let stackStart: UInt64
    let stackEnd = (1 << 32) - 2 * zone - argumentSpace
    let argumentStart = (1 << 32) - zone - argumentSpace
    let argumentEnd: UInt64

    init(_ program: StandardProgram, argumentCount: UInt64) {
        let ro = UInt64(truncatingIfNeeded: program.roData.count), rw = UInt64(truncatingIfNeeded: program.rwData.count)
        roEnd = roStart + pages(ro)
        rwStart = 2 * StandardLayout.zone + zones(ro)
        heapEnd = rwStart + pages(rw) + UInt64(program.heapPages) * GuestMemory.pageSize
        stackStart = stackEnd - pages(UInt64(program.stackSize))
        argumentEnd = argumentStart + pages(argumentCount)
    }

    var regions: Regions {
        Regions(rw: Regions.Range(rwStart, heapEnd), ro: Regions.Range(roStart, roEnd), output: Regions.Range(argumentStart, argumentEnd),
                stack: Regions.Range(stackStart, stackEnd))
    }
}

/// The paper's P and Z: up to whole pages, up to whole zones.
func pages(_ octets: UInt64) -> UInt64 { (octets + GuestMemory.pageSize - 1) & ~(GuestMemory.pageSize - 1) }
func zones(_ octets: UInt64) -> UInt64 { (octets + StandardLayout.zone - 1) & ~(StandardLayout.zone - 1) }

extension UnsafeMutablePointer<Instance> {
    /// Lays out a standard program with its arguments (at most `argumentSpace` octets). False if memory is short.
    func start(_ program: StandardProgram, arguments: UnsafeRawBufferPointer) -> Bool {
        let layout = StandardLayout(program, argumentCount: UInt64(truncatingIfNeeded: arguments.count))
        guard layOut(layout.regions) else { return false }
        // The stack counts in whole zones here.
        pointee.growLimit = layout.stackEnd - zones(UInt64(program.stackSize)) - StandardLayout.zone
        guard fill(layout.roStart, program.roData), fill(layout.rwStart, program.rwData), fill(layout.argumentStart, arguments) else {
            return false
        }
        pointee.argumentCount = arguments.count
        registers[0] = (1 << 32) - (1 << 16)
        registers[1] = layout.stackEnd
        registers[7] = layout.argumentStart
        registers[8] = UInt64(truncatingIfNeeded: arguments.count)
        return true
    }

    private func fill(_ address: UInt64, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 0 else { return true }
        return pointee.memory.write(address, UInt64(truncatingIfNeeded: bytes.count), from: bytes.baseAddress!, need: GuestMemory.read) == .done
    }
}
