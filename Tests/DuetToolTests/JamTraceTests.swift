import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// Real services with `--host jam`, and what traces show of its calls.
@Suite struct JamTraceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let engines = [["interpreter", "checked"], ["interpreter", "guarded"], ["recompiler", "checked"], ["recompiler", "guarded"],
                                  ["auto", "auto"]]

    // MARK: Real services

    /// They go on past their first call to an end of their own. Every engine records the same, and replays it with this host.
    @Test(arguments: ["65e537f16b30c01e", "bb8648e2eb5cab1e", "d1b097b4410b3a63"])
    func servicesRun(_ name: String) throws {
        guard let programs = Shared.programs("jam-services") else { return }
        for entry in ["0", "5"] {
            var first: String?
            for engine in JamTraceTests.engines {
                let trace = "\(folder.path)/trace"
                let result = duet("pvm", "run", "\(programs)/\(name).jamservice", "--entry", entry, "--args", "2a0700", "--gas", "10000000", "--host", "jam",
                                  "--engine", engine[0], "--memory", engine[1], "--ecalli-trace", trace, "--json")
                #expect(result.status == 0 && !result.output.contains("\"host-call\""), "\(result)")
                let text = try String(contentsOfFile: trace, encoding: .utf8)
                #expect(text.components(separatedBy: "\necalli=").count > 2, "\(name), \(entry)")
                #expect(first == nil || first == text, "\(engine)")
                first = text
                for host in [["--host", "jam"], []] {
                    let replay = duet(["pvm", "replay", trace, "--engine", engine[0], "--memory", engine[1]] + host)
                    #expect(replay.output == "1 passed, 0 failed\n", "\(replay)")
                }
            }
        }
    }

    /// Traces that another implementation has recorded of a node: with the state that can be read from their lines, this host answers
    /// everything as that node did.
    @Test func tracesOfANode() throws {
        guard let archive = Shared.vectors("ecalli") else { return }
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-xJf", "\(archive)/traces.tar.xz", "-C", folder.path]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }.filter { $0.hasSuffix(".log") } ?? []
        #expect(names.count == 12)
        for name in names {
            let trace = "\(folder.path)/\(name)"
            let state = try folder.write("state.json", NodeState(try String(contentsOfFile: trace, encoding: .utf8)).json)
            for engine in [["interpreter", "checked"], ["recompiler", "guarded"]] {
                let result = duet("pvm", "replay", trace, "--host", "jam=\(state)", "--engine", engine[0], "--memory", engine[1])
                #expect(result.output == "1 passed, 0 failed\n", "\(name): \(result.output)\(result.error)")
            }
        }
        // A host with other entries does something else, and is shown.
        let trace = "\(folder.path)/bench/traces/trace-061.log"
        let other = duet("pvm", "replay", trace, "--host", "jam", "--json")
        #expect(other.status == 1 && other.output.contains("\"status\": \"diverged\"") && other.output.hasSuffix("0 passed, 1 failed\n"), "\(other)")
        #expect(other.output.contains("\"message\": \"here: memwrite "))
    }

    /// Host calls are steps, with what they read, wrote and cost.
    @Test(arguments: [ISA.gp072, .gp080])
    func callsAreSteps(_ isa: ISA) throws {
        struct Line: Decodable {
            struct Access: Decodable, Equatable { let address: String, data: String }
            let pc: UInt64?, opName: String?, gas, gasCost: String?, regs: [String]?, hostCall: UInt32?, reads: [Access]?, writes: [Access]?, exit: String?
        }
        let source = """
            .ro
            text: .ascii "hi"
            .rw
            room: .u64 0, 0
            .code
            load_imm a0, 2
            load_imm a1, 0
            load_imm a2, 0
            load_imm a3, text
            load_imm a4, 2
            ecalli 100
            load_imm a0, room + 3
            load_imm a1, 0
            load_imm a2, 11
            load_imm a3, 1
            ecalli \(HostCall.fetch.row.entry(isa)!.number)
            load_u64 a1, [room + 8]
            load_imm a0, 0
            load_imm a2, 11
            load_imm a3, 1
            load_imm a1, 0
            ecalli \(HostCall.fetch.row.entry(isa)!.number)
            trap
            """
        let image = try folder.write("image", assemble(source, isa: isa))
        let state = try folder.write("state.json", #"{"fetch": {"1": "0x0102030405060708090a0b0c"}}"#)
        let words = ["pvm", "trace", image, "--isa", isa.name, "--gas", "10000", "--host", "jam=\(state)"]
        let json = duet(words + ["--format", "json"])
        let lines = try json.output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        let calls = lines.filter { $0.hostCall != nil }
        #expect(calls.map { $0.opName } == ["LOG", "FETCH", "FETCH"] && json.error == "info: hi\n", "\(json)")
        #expect(calls[0].reads == [Line.Access(address: "0x10000", data: "0x6869")] && calls[0].writes == [] && calls[0].hostCall == 100)
        #expect(calls[1].writes == [Line.Access(address: "0x30003", data: "0x0102030405060708090a0b")] && calls[1].reads == [])
        #expect(calls.map { $0.exit } == [nil, nil, "panic"] && lines.dropLast().compactMap { $0.exit } == ["panic"])
        // Gas and registers go on from line to line; what the call of 0.7.2 costs is 10, of 0.8.0 by its table.
        func number(_ text: String?) -> UInt64 { text.flatMap { UInt64($0.dropFirst(2), radix: 16) } ?? 0 }
        for (line, next) in zip(lines, lines.dropFirst().dropLast()) { #expect(number(line.gas) - number(line.gasCost) == number(next.gas), "\(line)") }
        #expect(calls.map { number($0.gasCost) } == (isa == .gp072 ? [10, 10, 10] : [1000, 103, 103]))
        let place = try #require(lines.firstIndex { $0.opName == "FETCH" })
        #expect(lines[place + 1].regs?[7] == "0xc" && lines[place + 1].opName == "LOAD_U64" && lines[place + 2].regs?[8] == "0xb0a09080706")
        let text = duet(words).output
        #expect(text.contains("log (host call 100)") && text.contains("read [0x10000] 2 bytes") && text.contains("write [0x30003] 11 bytes a0 = 0xc"))
        #expect(text.contains("  <- panic\n"))
        let page = duet(words + ["--format", "html"])
        #expect(page.status == 0 && page.output.contains("\"fetch\"") && page.output.contains("\"log\"") && page.output.contains("\"count\": \(lines.count - 1),"))
        let faults = duet(words + ["--format", "json", "--faults"])
        #expect(faults.output.split(separator: "\n").count == 2 && faults.output.contains("\"opName\":\"FETCH\""))
    }
}

/// What the lines of a trace say of the node's state: items that `fetch` gave out, entries as they were first read, what `info` said.
private struct NodeState {
    private var fetch: [UInt64: String] = [:]
    private var storage: [String: String] = [:]
    private var account = ""

    init(_ text: String) throws {
        var touched: Set<String> = []
        var call: (number: UInt64, registers: [UInt64: UInt64]) = (.max, [:])
        var reads: [(address: UInt64, data: String)] = [], written = ""
        for line in text.split(separator: "\n").map(String.init) + ["ecalli=99 pc=0 gas=0"] {
            let words = line.split(separator: " ").map(String.init)
            let word = words.firstIndex { $0.hasPrefix("ecalli=") || ["memread", "memwrite", "setreg"].contains($0) } ?? 0
            func hex(_ text: String) -> UInt64 { UInt64(text.dropFirst(2), radix: 16) ?? 0 }
            switch words.indices.contains(word) ? words[word] : "" {
            case "memread": reads.append((hex(words[word + 1]), String(words[word + 4].dropFirst(2))))
            case "memwrite": written = String(words[word + 4].dropFirst(2))
            case "setreg" where words[word + 1] == "r07":
                let answer = hex(words[word + 3]), r = call.registers
                switch call.number {
                case 1 where written.count == 2 * Int(answer): fetch[r[10] ?? 0] = written
                case 3:
                    let key = reads.first?.data ?? ""
                    if touched.contains(key) || answer == .max { break }
                    if written.isEmpty, storage[key] != nil { break }
                    storage[key] = written.count == 2 * Int(answer) ? written : String(repeating: "00", count: Int(answer))
                case 4:
                    let key = reads.first { $0.address == r[7] && $0.data.count == 2 * Int(r[8] ?? 0) }?.data ?? ""
                    if touched.insert(key).inserted, answer != .max, storage[key] == nil { storage[key] = String(repeating: "00", count: Int(answer)) }
                case 5 where written.count == 192: account = NodeState.account(written)
                default: break
                }
            case let first where first.hasPrefix("ecalli="):
                call = (UInt64(first.dropFirst(7)) ?? .max, [:])
                for pair in words[(word + 1)...] where pair.hasPrefix("r") {
                    let parts = pair.dropFirst().split(separator: "=").map(String.init)
                    if parts.count == 2, let register = UInt64(parts[0]) { call.registers[register] = hex(parts[1]) }
                }
                (reads, written) = ([], "")
            default: break
            }
        }
    }

    /// The fields of `info`, in their order.
    private static func account(_ octets: String) -> String {
        var place = octets.startIndex
        func next(_ count: Int) -> String {
            let end = octets.index(place, offsetBy: 2 * count)
            defer { place = end }
            return String(octets[place..<end])
        }
        func number(_ count: Int) -> String {
            let digits = Array(next(count))
            return "\"0x" + stride(from: digits.count - 2, through: 0, by: -2).map { String(digits[$0...($0 + 1)]) }.joined() + "\""
        }
        let hash = next(32), balance = number(8)
        _ = number(8)
        let (accumulate, memo, octetCount, items, gratis) = (number(8), number(8), number(8), number(4), number(8))
        return """
            "code_hash": "\(hash)", "balance": \(balance), "min_accumulate_gas": \(accumulate), "min_memo_gas": \(memo), "octets": \(octetCount), \
            "items": \(items), "gratis": \(gratis), "created": \(number(4)), "last_accumulation": \(number(4)), "parent": \(number(4)),
            """
    }

    var json: String {
        let entries = storage.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        let items = fetch.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        return "{\"accounts\": {\"0\": {\(account) \"storage\": {\(entries)}}}, \"fetch\": {\(items)}}"
    }
}
