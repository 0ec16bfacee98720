import NodeCore

/// How records of one kind look in JSON: names, types and values, written once for answers, `--json` and
/// the OpenAPI document.
public struct Shape<Record>: Sendable {
    /// The name of its schema in the document.
    public let name: String
    let fields: [Field]

    /// One member.
    public struct Field: Sendable {
        let name: String
        let schema: DataSchema
        let value: @Sendable (Record) -> JSONValue

        init(_ name: String, _ schema: DataSchema, _ value: @escaping @Sendable (Record) -> JSONValue) {
            self.name = name
            self.schema = schema
            self.value = value
        }

        static func text(_ name: String, _ value: @escaping @Sendable (Record) -> String) -> Field {
            Field(name, .anyText) { .string(value($0)) }
        }
        static func optional(_ name: String, _ value: @escaping @Sendable (Record) -> String?) -> Field {
            Field(name, .nullable(.anyText)) { JSONValue(value($0)) }
        }
        static func count(_ name: String, _ value: @escaping @Sendable (Record) -> Int) -> Field {
            Field(name, .count) { JSONValue(value($0)) }
        }
        static func flag(_ name: String, _ value: @escaping @Sendable (Record) -> Bool) -> Field {
            Field(name, .boolean) { .bool(value($0)) }
        }
        /// Milliseconds since 1970, shown as RFC 3339.
        static func time(_ name: String, _ value: @escaping @Sendable (Record) -> Int64?) -> Field {
            Field(name, .nullable(.time)) { JSONValue(milliseconds: value($0)) }
        }
        static func list<Item>(
            _ name: String, _ shape: Shape<Item>, _ value: @escaping @Sendable (Record) -> [Item]
        ) -> Field {
            Field(name, .list(shape.schema, count: 0...Int.max)) { .array(value($0).map(shape.json)) }
        }
        static func texts(_ name: String, _ value: @escaping @Sendable (Record) -> [String]) -> Field {
            Field(name, .list(.anyText, count: 0...Int.max)) { .array(value($0).map { .string($0) }) }
        }
    }

    init(_ name: String, _ fields: [Field]) {
        self.name = name
        self.fields = fields
    }

    /// A record as JSON, members in the order of the shape.
    public func json(_ record: Record) -> JSONValue {
        .object(fields.map { ($0.name, $0.value(record)) })
    }

    var members: [DataSchema.Member] { fields.map { DataSchema.Member($0.name, $0.schema) } }
    var schema: DataSchema { .named(name, .object(members, isOpen: true)) }

    /// A list of them.
    var listSchema: DataSchema { .list(schema, count: 0...Int.max) }
}

/// The shapes of everything that is shown.
public enum Shapes {}
