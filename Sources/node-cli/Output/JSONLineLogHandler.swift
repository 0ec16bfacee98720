import Foundation
import Logging
import NodeCore

/// Log lines as JSON objects on standard error, one a line, for collectors.
struct JSONLineLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: [(String, JSONValue)] = [
            ("time", JSONValue(milliseconds: SystemClock().milliseconds())),
            ("level", .string(event.level.rawValue)),
            ("message", .string(event.message.description)),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            members.append((key, .string(value.description)))
        }
        OutputWriter.messages.tryWrite(JSONValue.object(members).text + "\n")
    }
}
