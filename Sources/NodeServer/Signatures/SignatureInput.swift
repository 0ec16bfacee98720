import NodeCore
import RawStructuredFieldValues

/// The covered components and parameters of one signature (RFC 9421 section 2.3), and the text that
/// is signed (section 2.5).
///
/// Component parameters (`;sf`, `;bs`, `;req`, …) are not supported: a component that has one is
/// refused, so there is one way to spell each value.
struct SignatureInput: Sendable {
    /// Names in the order in which they are signed; no name twice.
    let components: [String]
    private let list: InnerList

    /// Parameters in the order given.
    init(components: [String], parameters: [(String, RFC9651BareItem)]) {
        var names = BareInnerList()
        for name in components { names.append(Item(bareItem: RFC9651BareItem.string(name), parameters: [:])) }
        var map = OrderedMap<String, RFC9651BareItem>()
        for (name, value) in parameters { map[name] = value }
        self.components = components
        list = InnerList(bareInnerList: names, parameters: map)
    }

    init(_ value: ItemOrInnerList) throws(SignatureError) {
        guard case .innerList(let list) = value else {
            throw .malformed("signature-input has no list of components")
        }
        var components: [String] = []
        for item in list.bareInnerList {
            guard case .string(let name) = item.rfc9651BareItem, item.rfc9651Parameters.isEmpty else {
                throw .malformed("a component is not a plain name")
            }
            guard !components.contains(name) else { throw .malformed("\(name) is covered twice") }
            components.append(name)
        }
        self.components = components
        self.list = list
    }

    /// The value of `@signature-params` and of the `Signature-Input` field.
    func parametersText() throws(SignatureError) -> String { try StructuredFields.text(list) }

    /// The `Signature-Input` field under a label.
    func field(label: String) throws(SignatureError) -> String {
        try StructuredFields.text(label: label, .innerList(list))
    }

    func string(_ name: String) -> String? {
        if case .string(let value) = list.rfc9651Parameters[name] { value } else { nil }
    }

    func integer(_ name: String) -> Int64? {
        if case .integer(let value) = list.rfc9651Parameters[name] { value } else { nil }
    }

    /// Whether the parameter is there, of whatever type.
    func has(_ name: String) -> Bool { list.rfc9651Parameters[name] != nil }

    /// The signature base: one line a component, then the parameters, without a final line end.
    func base(_ parts: RequestParts) throws(SignatureError) -> [UInt8] {
        var text = ""
        for name in components {
            let value = try Self.value(name, of: parts)
            // A line end would let one value pass for two components.
            guard value.utf8.allSatisfy({ $0 != 0x0A && $0 != 0x0D }) else {
                throw .malformed("\(name) holds a line end")
            }
            text += "\"\(name)\": \(value)\n"
        }
        return Array((text + "\"@signature-params\": \(try parametersText())").utf8)
    }

    private static func value(_ name: String, of parts: RequestParts) throws(SignatureError) -> String {
        switch name {
        case "@method": return parts.method
        case "@path": return parts.path.isEmpty ? "/" : parts.path
        case "@query": return "?" + (parts.query ?? "")
        case "@authority":
            guard let authority = parts.authority else { throw .missingComponent(name) }
            return authority.lowercased()
        default:
            let isName = name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
            }
            guard isName, !name.isEmpty else { throw .malformed("'\(name)' can't be covered") }
            let values = parts.headers.values(named: name)
            guard !values.isEmpty else { throw .missingComponent(name) }
            return values.map(\.trimmedWhitespace).joined(separator: ", ")
        }
    }
}
