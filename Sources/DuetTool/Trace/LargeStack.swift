import Foundation

/// A thread with room for 1024 nested calls, each of which passes through a host, a recorder and the library.
enum LargeStack {
    private static let size = 256 << 20

    /// Runs `work` on such a thread, and returns when it has ended.
    static func run(_ work: () -> Void) throws(ToolError) {
        let isDone = withoutActuallyEscaping(work) { work in
            var work = work
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            var thread = pthread_t()
            return withUnsafeMutablePointer(to: &work) { work in
                guard pthread_attr_setstacksize(&attributes, size) == 0, pthread_create(&thread, &attributes, { context in
                    context!.assumingMemoryBound(to: (() -> Void).self).pointee()
                    return nil
                }, work) == 0 else { return false }
                pthread_join(thread, nil)
                return true
            }
        }
        if !isDone { throw .failed("no thread could be started") }
    }
}
