#if !hasFeature(Embedded)
    import CPVM
    import VMCommon

    /// The code that the recompiler makes of a program, with the guest instruction that each part comes from. For people: it is
    /// made for the listing alone and never mapped executable, and its form may change with any version.
    public struct NativeListing {
        /// For which processor: this one, one with every feature that the generator uses, one with none of them.
        public enum Processor: Sendable { case this, full, baseline }

        public struct Piece {
            public enum Kind: Equatable {
                /// The C function that loads the registers and jumps into the code.
                case entry
                /// An instruction, by its code offset. What pays for a gas region belongs to its first instruction.
                case instruction(pc: UInt32)
                /// Cold code that leaves from the instruction at `pc`, and why.
                case sideExit(pc: UInt32, reason: String)
                /// Where page faults go on.
                case fault
                /// Stores the registers and returns.
                case leave
                /// An entry of 8 octets for each of the program's jump table. No code.
                case jumpTable
            }

            public let kind: Kind
            /// Octets of `code`; none where an instruction needs no code.
            public let range: Range<Int>
        }

        /// The program's name in perf's map.
        public let name: String
        public let code: [UInt8]
        /// In the order of the code, without gaps.
        public let pieces: [Piece]
        /// For each guest register the number of its host register, nil if it is kept in memory.
        public let homes: [UInt8?]
        /// Is the guest's memory the segment GS? Else r15 holds its address.
        public let usesSegment: Bool

        /// Nil if the program is too large, memory is short, or the recompiler does not serve this processor's family.
        public init?(_ handle: OpaquePointer, isGuarded: Bool, processor: Processor = .this) {
            let program = UnsafeMutablePointer<Program>(handle).pointee
            let features: CPUFeatures = switch processor {
            case .this: .usable
            case .full: .all
            case .baseline: []
            }
            guard Recompiler.isAvailable, program.instructionCount <= NativeExit.largestIndex,
                  var generator = CodeGenerator(program, isGuarded: isGuarded, features: features) else { return nil }
            defer { CPVM.free(generator.offsets) }
            guard generator.generate() else { return nil }
            let code = Array(generator.asm.code)
            var starts: [(Int, Piece.Kind)] = [(0, .entry)]
            for index in 0..<program.instructionCount {
                starts.append((Int(generator.offsets[index]), .instruction(pc: program.offsets[index])))
            }
            generator.eachSideExit { place, exit in
                starts.append((place, .sideExit(pc: program.offsets[exit.index], reason: exit.kind.reason)))
            }
            generator.eachColdCheck { place, exit in
                starts.append((place, .sideExit(pc: program.offsets[exit.index], reason: "both pages are looked at")))
            }
            for (label, kind) in [(generator.fault, .fault), (generator.leave, .leave), (generator.jumpTable, .jumpTable)] as [(Label, Piece.Kind)] {
                if let place = generator.asm.offset(of: label) { starts.append((place, kind)) }
            }
            name = "pvm:" + String(1 << 32 + UInt64(program.shortHash), radix: 16).dropFirst()
            self.code = code
            // Where two parts start at one place, the first one is empty.
            starts = starts.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element)
            pieces = starts.indices.map { index in
                let end = index + 1 < starts.count ? starts[index + 1].0 : code.count
                return Piece(kind: starts[index].1, range: starts[index].0..<end)
            }
            usesSegment = generator.usesSegment
            homes = (0..<13).map { generator.map[UInt8(truncatingIfNeeded: 8 * $0)]?.number }
        }
    }

    extension NativeExit.Kind {
        fileprivate var reason: String {
            switch self {
            case .slow, .unpaid: "the interpreter goes on"
            case .cannotPay: "gas does not suffice"
            case .panic: "panic"
            case .hostCall: "host call"
            case .fault: "page fault"
            }
        }
    }
#endif
