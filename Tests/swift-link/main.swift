// An ordinary Swift program with libpvm.a linked in and libpvm.so loaded beside it: two copies of the library, each with
// the Embedded Swift runtime inside, and the real Swift runtime in one process. None may take the others' symbols.
import Foundation
import LibPVM

/// What the tests need of a copy of the library.
struct Library: Sendable {
    typealias Create = @convention(c) (UInt32, UnsafePointer<UInt8>?, Int, UnsafePointer<UInt64>?, UnsafePointer<UInt8>?, Int,
                                       UnsafePointer<UInt32>?, Int, UInt64) -> UnsafeMutablePointer<VM>?
    typealias Execute = @convention(c) (UnsafeMutablePointer<VM>?, UInt32, UInt32) -> pvm_result_t
    typealias Destroy = @convention(c) (UnsafeMutablePointer<VM>?) -> Void
    typealias SetFunction = @convention(c) (UnsafeMutablePointer<VM>?, pvm_host_function_t?, UnsafeMutableRawPointer?) -> pvm_error_t

    let name: String
    let create: Create
    let execute: Execute
    let destroy: Destroy
    let setHostFunction: SetFunction
}

func check(_ condition: Bool, _ what: String, line: Int = #line) {
    guard !condition else { return }
    print("swift-link: line \(line): not true: \(what)")
    exit(1)
}

/// A Swift class that a host function reaches through its user data.
final class Host {
    var calls: [String: Int] = [:]
    var words = Set<String>()
    static nonisolated(unsafe) var alive = 0
    init() { Host.alive += 1 }
    deinit { Host.alive -= 1 }
}

// load_imm r7 = 20; ecalli 9; add_imm_64 r7 = r7 + 1; jump_ind to the halt address
let code: [UInt8] = [51, 7, 20, 10, 9, 149, 0x77, 1, 50, 0, 0, 0, 0xff]
let bitmask: [UInt8] = [1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0]

/// A guest whose host call works with strings, dictionaries, Foundation and reference counts.
func run(_ library: Library) {
    let host = Host()
    let vm = library.create(0, code, code.count, nil, bitmask, bitmask.count, nil, 0, 1000)
    check(vm != nil, "\(library.name): create")
    guard let vm else { return }
    let function: pvm_host_function_t = { vm, number, data in
        let host = Unmanaged<Host>.fromOpaque(data!).takeUnretainedValue()
        let word = String(format: "call %d", number) + " at \(vm!.pointee.pc)"
        host.calls[word, default: 0] += 1
        host.words.formUnion(word.components(separatedBy: " "))
        vm!.pointee.registers.7 += UInt64(host.words.count)
        return PVM_ACTION_CONTINUE
    }
    check(library.setHostFunction(vm, function, Unmanaged.passUnretained(host).toOpaque()) == PVM_OK, "\(library.name): host function")
    for round in 1...50 {
        check(library.execute(vm, 0, 0) == PVM_RESULT_OK, "\(library.name): execute")
        check(vm.pointee.registers.7 == 25, "\(library.name): r7 is \(vm.pointee.registers.7)")
        check(vm.pointee.gas == 1000 - 4 * UInt64(round), "\(library.name): gas")
        check(host.calls == ["call 9 at 3": round], "\(library.name): calls \(host.calls)")
    }
    library.destroy(vm)
}

func load(_ path: String) -> Library {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
        print("swift-link: cannot load \(path): \(String(cString: dlerror()))")
        exit(1)
    }
    func symbol<F>(_ name: String, as type: F.Type) -> F {
        guard let address = dlsym(handle, name) else {
            print("swift-link: \(path) has no \(name)")
            exit(1)
        }
        return unsafeBitCast(address, to: type)
    }
    return Library(name: "shared", create: symbol("pvm_create", as: Library.Create.self),
                   execute: symbol("pvm_execute", as: Library.Execute.self), destroy: symbol("pvm_destroy", as: Library.Destroy.self),
                   setHostFunction: symbol("pvm_set_host_function", as: Library.SetFunction.self))
}

let linked = Library(name: "static", create: pvm_create, execute: pvm_execute, destroy: pvm_destroy, setHostFunction: pvm_set_host_function)
let loaded = load(CommandLine.arguments[1])
check(unsafeBitCast(linked.create, to: Int.self) != unsafeBitCast(loaded.create, to: Int.self), "two copies are two")

for _ in 0..<20 {
    run(linked)
    run(loaded)
}
check(Host.alive == 0, "every host is released")

// Both at once, from several threads, with the Swift runtime at work in between.
DispatchQueue.concurrentPerform(iterations: 8) { index in
    let library = index % 2 == 0 ? linked : loaded
    for _ in 0..<20 {
        let vm = library.create(0, code, code.count, nil, bitmask, bitmask.count, nil, 0, 1000)!
        check(library.execute(vm, 0, 1) == PVM_RESULT_HOST_CALL, "\(library.name): child")
        check((0..<100).map { String($0) }.joined(separator: ",").split(separator: ",").count == 100, "strings")
        check(library.execute(vm, 5, 1) == PVM_RESULT_OK, "\(library.name): behind the call")
        library.destroy(vm)
    }
}

// What one copy made, the other leaves alone: each has a table and a version of its own.
check(String(cString: pvm_version()).split(separator: ".").count == 3, "version")
print("swift-link: static and shared library beside the Swift runtime: fine")
