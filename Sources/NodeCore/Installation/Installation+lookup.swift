import GRDB

extension Installation {
    /// The slugs of the tenants that a record's id can be in: its last 24 bits are the tenant's
    /// (`Identifiers`). Empty for a text that is no id.
    public func slugs(withRecord id: String) throws -> [String] {
        guard let bytes = UUIDText.bytes(id) else { return [] }
        let tag = Array(bytes.suffix(3))
        return try slugs().filter { Identifiers.tag(slug: $0) == tag }
    }
}
