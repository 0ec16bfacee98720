extension Hash {
    /// Stands for a delta that isn't signed yet, inside the transaction that writes it.
    static let unsigned = Digest.sha256("prepkc/unsigned".utf8)
}
