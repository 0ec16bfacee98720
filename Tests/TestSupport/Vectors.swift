import Foundation

/// The public test vectors of `Tests/Vectors`.
public enum Vectors {
    /// A file below `Tests/Vectors`.
    public static func url(_ path: String) -> URL { root("Vectors/\(path)") }

    /// A file below `Tests`, found from this source file upwards.
    public static func root(_ path: String) -> URL {
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.pathComponents.count > 1 {
            let file = folder.appending(path: "Tests/\(path)")
            if FileManager.default.fileExists(atPath: file.path) { return file }
            folder.deleteLastPathComponent()
        }
        return URL(filePath: "/Tests/\(path)")
    }

    /// A JSON file below `Tests/Vectors`.
    public static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }
}
