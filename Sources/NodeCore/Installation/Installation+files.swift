import Foundation

/// What an installation remembers of exchanges by file, in `control.db`.
extension Installation {
    /// Hub: where a node stood when it made its newest file, as the exchange wrote it; nil when none came.
    public func fileQuestion(of nodeID: String, tenant slug: String) throws -> [UInt8]? {
        try control.setting("file_question \(slug) \(nodeID)")?.bytes
    }

    public func setFileQuestion(_ question: [UInt8], of nodeID: String, tenant slug: String) throws {
        try control.set("file_question \(slug) \(nodeID)", .bytes(question))
    }

    /// Node: whether an answer was made after the newest one that was imported; then it is that from now on.
    public func isNewestAnswer(_ slug: String, issuedAt: Int64) throws -> Bool {
        let key = "file_answer \(slug)"
        guard issuedAt > (try control.setting(key)?.int ?? .min) else { return false }
        try control.set(key, .int(issuedAt))
        return true
    }
}
