import CPVM
import Foundation

/// What the page shows, and the page around it: one file that needs no other.
struct PageData {
    var header = JSONLine()
    private let title: String
    private let steps: [UInt8]

    init(machine: String, title: String, isa: String, steps: [UInt8], stepCount: Int, isCut: Bool, frames: [JSONLine]) {
        self.title = title
        self.steps = steps
        header.add("machine", machine)
        header.add("title", title)
        header.add("isa", isa)
        header.add("version", String(cString: pvm_build_info()))
        header.add("count", .integer(Int64(stepCount)))
        header.add("cut", .flag(isCut))
        header.add("frames", .objects(frames))
    }

    /// Scripts in the order in which they need each other.
    private static let scripts = [
        PackageResources.reader_js, PackageResources.words_js, PackageResources.trace_js, PackageResources.evm_js, PackageResources.pvm_js, PackageResources.search_js,
        PackageResources.list_js, PackageResources.code_js, PackageResources.state_js, PackageResources.calls_js, PackageResources.gas_js,
        PackageResources.flame_js, PackageResources.main_js,
    ]

    var html: [UInt8] {
        var html: [UInt8] = []
        html.reserveCapacity(steps.count * 4 / 3 + (1 << 20))
        var rest = PackageResources.page_html[...]
        // Each mark of the page is a comment with a name.
        while let start = rest.firstRange(of: "<!--{".utf8), let end = rest[start.upperBound...].firstRange(of: "}-->".utf8) {
            html += rest[..<start.lowerBound]
            switch String(decoding: rest[start.upperBound..<end.lowerBound], as: UTF8.self) {
            case "title": html.add(PageData.escaped(title))
            case "style": html += PackageResources.page_css
            case "script": for script in PageData.scripts { html += script }
            case "header": html.add(header.text.replacing("<", with: "\\u003c"))
            case "steps": html += Data(steps).base64EncodedData()
            default: break
            }
            rest = rest[end.upperBound...]
        }
        return html + rest
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
