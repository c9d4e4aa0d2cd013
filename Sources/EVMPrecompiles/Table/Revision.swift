/// The forks of Ethereum in order; the raw values are EVMC's revision numbers.
public enum Revision: UInt8, Comparable, Sendable {
    case frontier, homestead, tangerineWhistle, spuriousDragon, byzantium, constantinople, petersburg, istanbul, berlin, london, paris,
        shanghai, cancun, prague, osaka

    public static var latest: Revision { .osaka }

    @inline(__always)
    public static func < (left: Revision, right: Revision) -> Bool { left.rawValue < right.rawValue }
}
