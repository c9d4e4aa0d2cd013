import CPVM

/// The command line tool `duet`. Library and executable are apart so that tests can call it.
public enum Tool {
    static let commands: [Command] = [
        .run, .trace, .replay, .traceDifference, .assemble, .disassemble, .bench, .evmRun, .evmTrace, .evmDisassemble, .evmBench, .evmStateTest, .evmTransition, .conformance, .conformanceOpcodes,
        .conformanceState, .conformancePrecompiles, .conformanceTrie, .conformanceRLP,
    ]

    /// Runs a command line (without the program's name) and returns the exit status.
    public static func run(_ words: [String], _ console: Console = .standard()) -> Int32 {
        do {
            return try dispatch(words, console)
        } catch let error as ToolError {
            // Messages with a place in front are left as they are, for editors to find it.
            if case .source = error { console.report(error.text) } else { console.report("duet: \(error.text)") }
            if case .usage = error { console.report("Try 'duet \(command(words).map { "\($0.name) " } ?? "")--help'.") }
            return error.status
        } catch {
            console.report("duet: \(error)")
            return 1
        }
    }

    private static func dispatch(_ words: [String], _ console: Console) throws -> Int32 {
        if let command = command(words) {
            let arguments = try Arguments(Array(words.dropFirst(command.path.count)), for: command)
            if arguments.wantsHelp {
                console.write(command.help)
                return 0
            }
            if arguments.wantsVersion {
                console.print(version)
                return 0
            }
            for (former, now) in arguments.renamed { console.report("duet: \(former) is called \(now) now") }
            return try command.body(arguments, console)
        }
        switch words.first {
        case nil:
            throw ToolError.usage("a command is missing")
        case "--help", "-h":
            console.write(help(commands))
        case "help":
            return try explain(Array(words.dropFirst()), console)
        case "--version", "-v":
            console.print(version)
        case let group?:
            let group = commands.filter { $0.path[0] == group }
            guard !group.isEmpty else { throw ToolError.usage("unknown command '\(words[0])'") }
            guard words.count > 1 else { throw ToolError.usage("'\(words[0])' needs a command: \(names(group))") }
            guard words[1] == "--help" || words[1] == "-h" else {
                throw ToolError.usage("unknown command '\(words[0]) \(words[1])'; there is: \(names(group))")
            }
            console.write(help(group))
        }
        return 0
    }

    /// duet help [COMMAND]: the same as COMMAND --help.
    private static func explain(_ words: [String], _ console: Console) throws -> Int32 {
        if let command = command(words), command.path != words {
            throw ToolError.usage("unexpected argument '\(words[command.path.count])'")
        }
        return try dispatch(words + ["--help"], console)
    }

    private static var version: String { String(cString: pvm_build_info()) }

    private static func command(_ words: [String]) -> Command? { commands.first { words.starts(with: $0.path) } }

    private static func names(_ commands: [Command]) -> String {
        commands.map { $0.path.dropFirst().joined(separator: " ") }.joined(separator: ", ")
    }

    private static func help(_ commands: [Command]) -> String {
        "Usage: duet COMMAND …\n\nCommands ('duet help COMMAND' tells more):\n"
            + helpTable(commands.map { ("\($0.name) \($0.operands)", $0.summary) })
            + "\nOptions:\n" + helpTable([("--help", "this text"), ("--version", "version and build of the library")])
            + "\nThe exit status is 0 when the command has done what it was asked to, 1 when it has failed or something did not pass, 2 when the command\n"
            + "line makes no sense. Exceptions are in a command's own help.\n"
    }
}
