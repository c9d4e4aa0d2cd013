import Testing
@testable import VMCommon

@Suite struct PageSetTests {
    /// Against a model of one Bool per page, through a few thousand random requests.
    @Test func agreesWithModel() {
        for count in [1, 63, 64, 65, 200, 1000] {
            var random = SplitMix(seed: UInt64(count))
            var set = PageSet(count: count)!
            var model = [Bool](repeating: false, count: count)
            var runs: [(first: Int, count: Int)] = []
            for _ in 0..<3000 {
                if runs.isEmpty || random.next() % 2 == 0 {
                    let wanted = 1 + Int(random.next() % UInt64(min(count, 90) + 1))
                    let longest = model.split(separator: true).map(\.count).max() ?? 0
                    guard let first = set.takeRun(wanted) else {
                        #expect(wanted > longest, "\(wanted) pages of \(count) refused, \(longest) are free in a row")
                        continue
                    }
                    #expect(first >= 0 && first + wanted <= count)
                    #expect(!model[first..<first + wanted].contains(true), "pages given out twice")
                    for page in first..<first + wanted { model[page] = true }
                    runs.append((first, wanted))
                } else {
                    let run = runs.remove(at: Int(random.next() % UInt64(runs.count)))
                    set.giveBack(first: run.first, count: run.count)
                    for page in run.first..<run.first + run.count { model[page] = false }
                }
            }
        }
    }
}
