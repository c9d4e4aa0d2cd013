import CPVM

/// A lock of the operating system.
public struct Mutex: ~Copyable, @unchecked Sendable {
    private let handle: UnsafeMutablePointer<pthread_mutex_t>

    /// nil if memory is short.
    public init?() {
        guard let handle = duet_mutex_create() else { return nil }
        self.handle = handle
    }

    deinit { duet_mutex_destroy(handle) }

    @inline(__always) public borrowing func withLock<Result: ~Copyable>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(handle)
        defer { pthread_mutex_unlock(handle) }
        return body()
    }
}
