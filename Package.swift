// swift-tools-version: 6.2
import PackageDescription

// DUET_EMBEDDED=1 builds the core as Embedded Swift, for libpvm.a (see the Makefile). Unsafe flags stand in that branch
// alone: in the ordinary one they would keep other packages from depending on this one.
let embedded = Context.environment["DUET_EMBEDDED"] == "1"
// Conversions that can trap are deprecated in the core (Sources/Conversions.swift): they must not compile.
let core: [SwiftSetting] = [.treatWarning("DeprecatedDeclaration", as: .error)] + (embedded
    ? [
        .enableExperimentalFeature("Embedded"),
        // A section for each function, so that the Makefile can leave out what no C function reaches.
        .unsafeFlags(["-wmo", "-enforce-exclusivity=unchecked", "-Xfrontend", "-disable-stack-protector", "-Xfrontend", "-function-sections"]),
    ]
    : [])

// DUET_TUNED=1 is for the tool: its interpreter is as fast as the library's then.
let tuned = embedded || Context.environment["DUET_TUNED"] == "1"

// Of the EVM's interpreter loop: a jump to the next handler behind every handler, with the checks before it, and no 128-bit moves of words that
// were stored limb by limb.
let interpreter: [SwiftSetting] = tuned
    ? [
        .unsafeFlags(["-Xllvm", "-tail-dup-pred-size=512", "-Xllvm", "-tail-dup-size=24", "-Xllvm", "-tail-dup-succ-size=512", "-Xllvm", "-enable-tail-merge=false", "-Xllvm", "-vectorize-slp=false"]),
    ]
    : []

var targets: [Target] = [
    .target(name: "CPVM", path: "Sources/CPVM", cSettings: embedded ? [.define("DUET_EMBEDDED"), .unsafeFlags(["-fPIC", "-ffunction-sections", "-momit-leaf-frame-pointer"])] : []),
    .target(name: "VMCommon", dependencies: ["CPVM"], path: "Sources/VMCommon", swiftSettings: core),
    .target(name: "PVM", dependencies: ["CPVM", "VMCommon"], path: "Sources/PVM", swiftSettings: core),
    .target(name: "EVMRules", dependencies: ["CPVM", "VMCommon"], path: "Sources/EVMRules", swiftSettings: core),
    .target(name: "EVMPrecompiles", dependencies: ["CPVM", "VMCommon", "EVMRules"], path: "Sources/EVMPrecompiles", swiftSettings: core),
    .target(name: "EVM", dependencies: ["CPVM", "VMCommon", "EVMRules", "EVMPrecompiles"], path: "Sources/EVM", swiftSettings: core + interpreter),
    .target(name: "EVMState", dependencies: ["CPVM", "VMCommon", "EVMRules", "EVMPrecompiles", "EVM"], path: "Sources/EVMState", swiftSettings: core),
]
// Either product alone links: the C side calls into the Swift of the PVM.
var products: [Product] = [
    .library(name: "PVM", targets: ["PVM", "CPVM"]),
    .library(name: "CPVM", targets: ["CPVM", "PVM"]),
]
if embedded {
    products = [.library(name: "pvmcore", type: .static, targets: ["PVM", "EVMState"])]
} else {
    targets += [
        .target(name: "DuetTool", dependencies: ["CPVM", "VMCommon", "PVM", "EVMRules", "EVMPrecompiles", "EVM", "EVMState"], path: "Sources/DuetTool",
                resources: [.embedInCode("Page")]),
        .executableTarget(name: "duet", dependencies: ["DuetTool"], path: "Sources/duet"),
        .testTarget(name: "VMCommonTests", dependencies: ["VMCommon", "CPVM"], path: "Tests/VMCommonTests"),
        .testTarget(name: "PVMTests", dependencies: ["CPVM", "PVM", "VMCommon"], path: "Tests/PVMTests"),
        .testTarget(name: "EVMPrecompilesTests", dependencies: ["EVMPrecompiles", "EVMRules", "VMCommon", "CPVM"], path: "Tests/EVMPrecompilesTests"),
        .testTarget(name: "EVMTests", dependencies: ["EVM", "EVMPrecompiles", "EVMRules", "VMCommon", "CPVM"], path: "Tests/EVMTests"),
        .testTarget(name: "EVMStateTests", dependencies: ["EVMState", "EVM", "EVMPrecompiles", "EVMRules", "VMCommon", "CPVM"], path: "Tests/EVMStateTests"),
        .testTarget(name: "DuetToolTests", dependencies: ["DuetTool", "EVMRules", "VMCommon", "CPVM"], path: "Tests/DuetToolTests"),
    ]
    products.append(.executable(name: "duet", targets: ["duet"]))
}

let package = Package(name: "Duet", products: products, targets: targets)
