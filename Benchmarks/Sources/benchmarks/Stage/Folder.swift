import Foundation

/// A new folder that goes away with the run.
final class Folder {
    let path: String

    init(in parent: String) throws {
        let parent = URL(fileURLWithPath: parent)
        path = parent.appendingPathComponent("node-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path in it; nothing is made.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}
