import Synchronization

/// Documents as this version reads them. One that it can't is left out, on every installation of this
/// version alike; `rules apply` keeps such documents out.
///
/// What a text means never changes, and every transaction asks: so the last ones are kept. Reading a file
/// costs about a millisecond, far more than merging a write.
enum ReadableRules {
    private static let kept = 64
    private static let known = Mutex<[String: RuleFile?]>([:])

    /// nil for a text with errors.
    static func file(_ yaml: String) -> RuleFile? {
        if let file = known.withLock({ $0[yaml] }) { return file }
        let file = RuleFile.read(yaml).file
        known.withLock { known in
            if known.count >= kept { known.removeAll() }
            known[yaml] = .some(file)
        }
        return file
    }
}
