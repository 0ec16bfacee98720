import Foundation

/// The public test vectors of `Tests/Vectors`.
public enum Vectors {
    /// A file below `Tests/Vectors`, found from this source file upwards.
    public static func url(_ path: String) -> URL {
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.pathComponents.count > 1 {
            let vectors = folder.appending(path: "Tests/Vectors")
            if FileManager.default.fileExists(atPath: vectors.path) { return vectors.appending(path: path) }
            folder.deleteLastPathComponent()
        }
        return URL(filePath: "/Tests/Vectors").appending(path: path)
    }

    /// A JSON file below `Tests/Vectors`.
    public static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }
}
