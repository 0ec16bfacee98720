import Foundation

/// What somebody found out: how it stands, in plain words, and what to do next.
public struct Finding: Sendable, Equatable {
    public enum Level: String, Sendable { case ok, warning, problem }
    /// What was looked at, in a word or two.
    public let subject: String
    public let level: Level
    public let message: String
    /// The next command or step; empty when there is none to take.
    public let next: String

    public init(_ subject: String, _ level: Level, _ message: String, next: String = "") {
        self.subject = subject
        self.level = level
        self.message = message
        self.next = next
    }
}

extension TenantService {
    /// Goes through what has to stand before a tenant is made (admin guide, "Prerequisites"); writes nothing.
    /// Throws `HUB_OWNED` at a node.
    public func check(_ wish: Creation, contact: String?) throws -> [Finding] {
        try requireHub("tenants are made")
        return [
            wish.agreement == nil
                ? Finding(
                    "agreement", .warning, "no agreement was named",
                    next: "Give --agreement with its number or date.")
                : Finding("agreement", .ok, "the agreement is named"),
            try contactFinding(contact), try districtFinding(wish.district), try slugFinding(wish.slug),
            finding("name") { _ = try TenantSettings.name(wish.name) },
            finding("path") { try requireWritableFolder() },
        ]
    }

    private func contactFinding(_ contact: String?) throws -> Finding {
        guard let contact else {
            return Finding(
                "contact", .warning, "no first admin was named", next: "Give --admin-email and the names.")
        }
        return finding("contact") { _ = try UserFields.email(contact) }
    }

    private func districtFinding(_ district: String?) throws -> Finding {
        let next = "Import them with `node-cli reference import schools FILE`."
        do {
            let copy = try ReferenceCopy(installation, district: district)
            guard !copy.schools.isEmpty else {
                return Finding("schools", .warning, "no reference schools are here", next: next)
            }
            let which = district.map { "of the district \($0)" } ?? "of every district, since none was named"
            return Finding("schools", .ok, "\(copy.schools.count) reference schools \(which) would be copied")
        } catch let error as NodeError where error.code == .districtNotFound {
            return Finding("schools", .problem, error.message, next: next)
        }
    }

    private func slugFinding(_ slug: String) throws -> Finding {
        if try installation.slugs().contains(slug) {
            return Finding(
                "slug", .problem, "the slug '\(slug)' is already used", next: "Choose another one.")
        }
        return finding("slug") { try Slug.check(slug) }
    }

    private func finding(_ subject: String, _ body: () throws -> Void) -> Finding {
        do {
            try body()
            return Finding(subject, .ok, "the \(subject) is fine")
        } catch let error as NodeError {
            return Finding(subject, .problem, error.message, next: error.hint)
        } catch { return Finding(subject, .problem, "\(error)") }
    }

    /// Writes and removes a file where tenants are kept. Throws `STORAGE`.
    private func requireWritableFolder() throws {
        let path = installation.directory.tenants + "/.check"
        try DurableFile.write([0], to: path)
        try FileManager.default.removeItem(atPath: path)
    }
}
