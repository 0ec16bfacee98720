import NodeCore

/// The members of a body that was checked against its schema.
struct Fields: Sendable {
    private let members: [(String, JSONValue)]

    init(_ value: JSONValue) {
        if case .object(let members) = value { self.members = members } else { members = [] }
    }

    var names: Set<String> { Set(members.map(\.0)) }

    subscript(_ name: String) -> JSONValue? { members.first { NormalForm.same($0.0, name) }?.1 }

    /// The text; nil when the member isn't there or null.
    func text(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }

    /// The text of a required member.
    func required(_ name: String) -> String { text(name) ?? "" }

    func integer(_ name: String) -> Int? {
        switch self[name] {
        case .int(let number): Int(number)
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    func flag(_ name: String) -> Bool? {
        if case .bool(let truth) = self[name] { truth } else { nil }
    }

    /// The texts of a list; nil when the member isn't there.
    func texts(_ name: String) -> [String]? {
        guard case .array(let items) = self[name] else { return nil }
        return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// Members of an object that are truth values.
    func flags(_ name: String) -> [(String, Bool)] {
        guard case .object(let members) = self[name] else { return [] }
        return members.compactMap { name, value in
            if case .bool(let truth) = value { (name, truth) } else { nil }
        }
    }
}
