import CPVM
import EVMRules
import Foundation

extension Command {
    static let conformanceState = Command(
        path: ["conformance", "state"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks transactions and the EVM against state tests: JSON files, or folders of them.",
        details: """
            Every case is executed on its own pre-state; state root, logs hash and the reason for which an invalid transaction is
            refused must be as the file says. Prints every failure and, as the last line, 'N passed, N failed'. The exit status is 1
            if any case failed or none was found. Cases that the file of --expected lists must fail; one that passes is a failure.
            """,
        options: [
            .fork,
            Option("--jobs", "N", "threads (default: as many as there are processors)"),
            Option("--filter", "TEXT", "only cases whose file, name, fork or indices contain this"),
            Option("--exclude", "TEXT", "not the cases whose file, name, fork or indices contain this"),
            .vm,
            Option("--surface", "NAME", "how this library's EVM is called: evmc (default), frame, suspended-frame"),
            Option("--first", "TEXT", "begin with the files whose paths contain this, and share their cases among the threads: what takes long should not come last"),
            Option("--expected", "FILE", "cases that are known to fail, with the reason for each"),
            Option("--cache-after", "N", "how much code must have done to come into this library's cache, as the option cache_after of its EVM: 0 to 1000"),
            Option("--stack", "KIB", "size of each thread's stack (default 8192)"),
        ],
        body: { arguments, console in try StateConformance(arguments).run(console) })
}

/// Runs the files of state tests on several threads.
final class StateConformance: @unchecked Sendable {
    private let files: [String]
    /// What a thread takes at once. Files of `--first` are as many shares as there are threads; others are one.
    private let shares: [Share]
    private let fork: NamedFork?
    private let filter: String?
    private let exclude: String?
    private let jobs: Int
    private let vmPath: String?
    private let surface: EthereumVM.Surface
    private let stack: Int
    private let expectedFailures: ExpectedFailures

    private let lock = NSLock()
    private var next = 0
    private var done = 0
    private var passed = 0
    private var failed = 0
    private var expectedCount = 0
    private var lines: [(file: Int, text: String)] = []
    private var seconds: [(file: Int, seconds: Double)] = []
    private var unknownExceptions: Set<String> = []
    private var trouble: ToolError?

    init(_ arguments: Arguments) throws {
        let found = try arguments.operands.flatMap { path throws(ToolError) in try ConformanceCommand.vectorFiles(path) }
        // The largest first, so that no thread is left alone with one at the end.
        func size(_ path: String) -> Int { ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0 }
        let bySize = found.map { ($0, size($0)) }.sorted { $0.1 > $1.1 }.map { $0.0 }
        let first = arguments.value("--first").map { text in bySize.filter { $0.contains(text) } } ?? []
        let files = first + bySize.filter { !first.contains($0) }
        self.files = files
        fork = try arguments.fork("--fork")
        filter = arguments.value("--filter")
        exclude = arguments.value("--exclude")
        let jobs = Int(try arguments.number("--jobs", default: UInt64(ProcessInfo.processInfo.activeProcessorCount), in: 1...1024))
        self.jobs = jobs
        shares = files.indices.flatMap { file in
            let count = file < first.count ? jobs : 1
            return (0..<count).map { Share(file: file, number: $0, count: count) }
        }
        vmPath = arguments.value("--vm")
        surface = try EthereumVM.Surface.named(arguments.value("--surface"))
        if arguments.value("--cache-after") != nil {
            // It holds for all instances of the process.
            let share = try arguments.number("--cache-after", default: 8, in: 0...1000)
            guard let vm = evmc_create_duet() else { throw ToolError.failed("out of memory") }
            _ = vm.pointee.set_option(vm, "cache_after", String(share))
            vm.pointee.destroy(vm)
        }
        stack = Int(try arguments.number("--stack", default: 8192, in: 64...(1 << 20))) << 10
        expectedFailures = try ExpectedFailures(file: arguments.value("--expected"))
    }

    func run(_ console: Console) throws -> Int32 {
        // Before any thread needs it, so that a bad path is said once.
        _ = try EthereumVM(path: vmPath, surface: surface)
        let finished = DispatchSemaphore(value: 0)
        for _ in 0..<jobs {
            let thread = Thread {
                self.work()
                finished.signal()
            }
            thread.stackSize = stack
            thread.start()
        }
        let showsProgress = isatty(2) == 1
        var running = jobs
        while running > 0 {
            if finished.wait(timeout: .now() + .milliseconds(250)) == .success { running -= 1 }
            if showsProgress { console.progress(lock.withLock { "\(done)/\(shares.count) files, \(passed) passed, \(failed) failed" }) }
        }
        if showsProgress { console.progress("") }
        if let trouble { throw trouble }
        for name in unknownExceptions.sorted() { console.report("duet: " + TransactionException.unknownName(name)) }
        for line in lines.sorted(by: { files[$0.file] < files[$1.file] }) { console.print(line.text) }
        guard passed + failed + expectedCount > 0 else { throw ToolError.failed("no cases") }
        if expectedCount > 0 { console.print("\(expectedCount) failed as expected") }
        let longest = seconds.sorted { $0.seconds > $1.seconds }.prefix(3).map { entry in
            "\(URL(fileURLWithPath: files[entry.file]).lastPathComponent) \((entry.seconds * 10).rounded() / 10) s"
        }
        console.print("longest: \(longest.joined(separator: ", "))")
        console.print("\(passed) passed, \(failed) failed")
        return failed == 0 ? 0 : 1
    }

    private func work() {
        do throws(ToolError) {
            let runner = StateTestRunner(try EthereumVM(path: vmPath, surface: surface))
            defer { lock.withLock { unknownExceptions.formUnion(runner.unknownExceptions) } }
            while let share = take() {
                let index = share.file
                let start = ContinuousClock.now
                let tally = run(share, runner)
                let taken = start.duration(to: .now) / .seconds(1)
                lock.withLock {
                    done += 1
                    seconds.append((index, taken))
                    passed += tally.passed
                    failed += tally.failed
                    expectedCount += tally.expected
                    lines += tally.lines.map { (index, $0) }
                }
            }
        } catch {
            lock.withLock { trouble = error }
        }
    }

    private func take() -> Share? {
        lock.withLock {
            guard next < shares.count, trouble == nil else { return nil }
            next += 1
            return shares[next - 1]
        }
    }

    /// Of the cases of a file, in turn, every `count`th.
    private struct Share {
        let file: Int, number: Int, count: Int

        func has(_ number: Int) -> Bool { number % count == self.number }
    }

    private struct Tally {
        var passed = 0, failed = 0, expected = 0
        var lines: [String] = []
    }

    private func run(_ share: Share, _ runner: StateTestRunner) -> Tally {
        let file = files[share.file]
        defer { runner.forget() }
        var tally = Tally()
        var number = 0
        /// What is wrong with the file or with one of its tests; the first thread of those that share it says it.
        func fail(_ error: ToolError) {
            guard share.number == 0 else { return }
            tally.failed += 1
            tally.lines.append(error.text)
        }
        do throws(ToolError) {
            try StateTest.forEach(in: file) { _, test in
                switch test {
                case .success(let test): run(test, runner, share, &number, &tally)
                case .failure(let error): fail(error)
                }
            }
        } catch {
            fail(error)
        }
        return tally
    }

    private func run(_ test: StateTest, _ runner: StateTestRunner, _ share: Share, _ number: inout Int, _ tally: inout Tally) {
        let file = files[share.file]
        for (fork, cases) in test.post where self.fork == nil || self.fork == NamedFork.named(fork) {
            for expected in cases {
                defer { number += 1 }
                guard share.has(number) else { continue }
                func title() -> String {
                    "\(file): \(test.name) \(fork) d\(expected.indexes.data) g\(expected.indexes.gas) v\(expected.indexes.value)"
                }
                if let filter, !title().contains(filter) { continue }
                if let exclude, title().contains(exclude) { continue }
                let failures = runner.run(test, fork, expected).failures
                let isExpected = !expectedFailures.isEmpty && expectedFailures.contains(title())
                if isExpected == !failures.isEmpty {
                    if isExpected { tally.expected += 1 } else { tally.passed += 1 }
                    continue
                }
                tally.failed += 1
                if isExpected { tally.lines.append("\(title()): passes, but is expected to fail") }
                tally.lines += failures.map { "\(title()): \($0)" }
            }
        }
    }
}

/// The list of cases that are known to fail: a line each, the end of the case's title, a tab and the reason. '#' starts a comment.
struct ExpectedFailures {
    private var titles: [String] = []

    var isEmpty: Bool { titles.isEmpty }

    init(file: String?) throws(ToolError) {
        guard let file else { return }
        for (number, line) in String(decoding: try readFile(file), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.hasPrefix("#") && !line.isEmpty {
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, !parts[1].trimmingCharacters(in: .whitespaces).isEmpty else {
                throw .source(["\(file):\(number + 1): a case without a reason"])
            }
            titles.append(String(parts[0]))
        }
    }

    func contains(_ title: String) -> Bool { titles.contains { title.hasSuffix($0) } }
}
