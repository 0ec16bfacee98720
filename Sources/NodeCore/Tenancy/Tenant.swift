import GRDB

/// A district as its tenant row shows it.
public struct Tenant: Sendable, Equatable {
    public let id: String
    public let slug: String
    public let name: String
    public let active: Bool
    public let flags: [FeatureFlag: Bool]
    public let ncesLEAID: String?
    public let timeZone: String
    /// Web origins that may read the public API from a browser.
    public let corsOrigins: [String]
    public let createdAt: Int64

    public static let defaultTimeZone = "America/Chicago"
}

/// A feature flag of a tenant.
public enum FeatureFlag: String, Sendable, CaseIterable {
    case events, volunteers, recruitment
    case prepkcVisibility = "prepkc_visibility"

    var column: String { "flag_\(rawValue)" }
    public var isOnByDefault: Bool { self == .events || self == .volunteers }

    /// What it switches; nil while no feature looks at it.
    public var effect: String? {
        switch self {
        case .events: "event commands and the public API"
        case .prepkcVisibility: "the hub's reports across districts"
        case .volunteers, .recruitment: nil
        }
    }

    /// Reads `events=on,recruitment=off` pairs. Throws `VALIDATION_ERROR` for an unknown flag or value.
    public static func parse(_ texts: [String]) throws -> [FeatureFlag: Bool] {
        var result: [FeatureFlag: Bool] = [:]
        for text in texts.flatMap({ $0.split(separator: ",") }) {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let flag = FeatureFlag(rawValue: String(parts[0])) else {
                let known = allCases.map(\.rawValue).joined(separator: ", ")
                throw NodeError(
                    .validation, "'\(text)' names no flag",
                    hint: "Write FLAG=on or FLAG=off; flags are \(known).",
                    field: "flag")
            }
            switch parts[1].lowercased() {
            case "on", "true": result[flag] = true
            case "off", "false": result[flag] = false
            default:
                throw NodeError(
                    .validation, "'\(parts[1])' is no value of the flag \(flag.rawValue)",
                    hint: "Write on or off.",
                    field: "flag")
            }
        }
        return result
    }
}

extension Tenant {
    /// The columns that can be edited.
    static let editable =
        ["name"] + FeatureFlag.allCases.map(\.column) + ["cors_origins", "time_zone", "active"]

    /// A column as the row has it.
    func value(of column: String) -> Value {
        switch column {
        case "name": .text(name)
        case "time_zone": .text(timeZone)
        case "active": .bool(active)
        case "cors_origins": .optional(corsOrigins.isEmpty ? nil : corsOrigins.joined(separator: " "))
        default:
            FeatureFlag.allCases.first { $0.column == column }.map { .bool(flags[$0] == true) } ?? .null
        }
    }
}

/// A school of the tenant.
public struct School: Sendable, Equatable {
    public let id: String
    public let name: String
    public let ncesSchoolID: String?
}

extension StoreReader {
    /// The district's row.
    public func tenant() throws -> Tenant {
        let row = try row("SELECT * FROM tenant WHERE id = ?", [try tenantID().description])
        guard let row else {
            throw NodeError(
                .tenantNotFound, "\(store.fileName) holds no tenant row yet",
                hint: "Run `node-cli sync`: the tenant comes from the hub.")
        }
        let flags = FeatureFlag.allCases.map { ($0, (row[$0.column] as Int?) == 1) }
        return Tenant(
            id: row["id"], slug: row["slug"] ?? "", name: row["name"] ?? "",
            active: (row["active"] as Int?) == 1,
            flags: Dictionary(uniqueKeysWithValues: flags), ncesLEAID: row["nces_lea_id"],
            timeZone: row["time_zone"] ?? Tenant.defaultTimeZone,
            corsOrigins: CORSOrigins.list(row["cors_origins"]), createdAt: row["created_at"] ?? 0)
    }

    /// Which version of the district's row this is, by column.
    public func tenantVersion() throws -> RecordVersion {
        let id = try tenantID().description
        return try RecordVersion(Tenant.editable.map { ($0, Schema.tenant, id, $0) }, in: self)
    }

    /// Whether an id is a school's.
    func isSchool(id: String) throws -> Bool {
        try count("SELECT count(*) FROM tenant WHERE id = ? AND kind = 'school'", [id]) > 0
    }

    /// The tenant's schools, by name.
    public func schools() throws -> [School] {
        try rows("SELECT id, name, nces_school_id FROM tenant WHERE kind = 'school' ORDER BY name, id").map {
            School(id: $0[0], name: $0[1] ?? "", ncesSchoolID: $0[2])
        }
    }
}
