/// The rule files of this folder, embedded in the binary when it is built.
///
/// They are the defaults that a new tenant's `rule_set` rows are filled with; afterwards every
/// installation projects with those rows and never with a local file.
public enum ShippedRules {
    /// Domain name and UTF-8 YAML text, in the order in which the files are read.
    public static let documents: [(domain: String, yaml: String)] = [
        ("tenant", String(decoding: PackageResources.tenant_yaml, as: UTF8.self)),
        ("roster", String(decoding: PackageResources.roster_yaml, as: UTF8.self)),
        ("seat", String(decoding: PackageResources.seat_yaml, as: UTF8.self)),
        ("audit", String(decoding: PackageResources.audit_yaml, as: UTF8.self)),
        ("people", String(decoding: PackageResources.people_yaml, as: UTF8.self)),
    ]
}
